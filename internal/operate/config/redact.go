package config

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

const (
	// redacted stands where a secret was.
	redacted = "[redacted]"
	// secretName is what a parameter of a database is called whose value is a secret.
	secretName = `[a-z0-9_.-]*(?:password|passwd|pwd|secret|token|credential|api_?key|signature)[a-z0-9_.-]*`
)

// Secret is a text that is never shown: printing, logging or encoding it shows a
// placeholder. Convert it to a string or a byte slice to use it.
type Secret string

// String is a placeholder, or empty when there is no secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// LogValue is String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Format prints String, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText is String, for JSON too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

var (
	urlScheme = regexp.MustCompile(`^\s*[A-Za-z][A-Za-z0-9+.-]*$`)
	webScheme = regexp.MustCompile(`(?i)^\s*https?$`)
	// The value runs to an unescaped blank or, in quotes, to the closing quote.
	dsnSecret   = regexp.MustCompile(`(?i)\b(` + secretName + `\s*=\s*)('(?:[^'\\]|\\.)*(?:'|$)|(?:\\.|[^\s\\])*)`)
	querySecret = regexp.MustCompile(`(?i)([?&]` + secretName + `=)[^&#]*`)
	innerURL    = regexp.MustCompile(`://.*@`)
)

// RedactURL is the text of a connection string or any URL with its secrets replaced:
// passwords, parameters of a database that are named like a secret, and of web
// addresses everybody before an @ and the whole query, whatever it is called. It takes
// URLs and "key=value" strings, also malformed ones: rather than show a part of a
// secret it hides more than the secret.
func RedactURL(text string) string {
	scheme, rest, isURL := strings.Cut(text, "://")
	if !isURL || !urlScheme.MatchString(scheme) {
		return redactPairs(text)
	}
	web := webScheme.MatchString(scheme)
	if i := strings.IndexAny(rest, "?#"); web && i >= 0 && i < strings.LastIndexByte(rest, '@') {
		return scheme + "://" + redacted // the @ ends a password, or stands in the query
	}
	// An unescaped password may hold any character, so only the last @ is sure
	// to come after it.
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		user, _, hasPassword := strings.Cut(rest[:i], ":")
		switch {
		case web: // a token may be either, or both
			user = redacted
		case hasPassword:
			user += ":" + redacted
		}
		rest = user + rest[i:]
	}
	if i := strings.IndexAny(rest, "?#"); web && i >= 0 {
		return scheme + "://" + rest[:i+1] + redacted
	}
	return scheme + "://" + querySecret.ReplaceAllString(rest, "${1}"+redacted)
}

// redactPairs redacts "key=value" strings and text of no known form.
func redactPairs(text string) string {
	if i := strings.LastIndexByte(text, '@'); i >= 0 && !strings.Contains(text, "=") {
		return redacted + text[i:]
	}
	text = dsnSecret.ReplaceAllString(text, "${1}"+redacted)
	return innerURL.ReplaceAllString(text, "://"+redacted+"@")
}
