package config

import (
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

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
	// The value runs to an unescaped blank or, in quotes, to the closing quote.
	dsnPassword   = regexp.MustCompile(`(?i)\b((?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*(?:'|$)|(?:\\.|[^\s\\])*)`)
	queryPassword = regexp.MustCompile(`(?i)([?&](?:ssl)?password=)[^&#]*`)
	innerURL      = regexp.MustCompile(`://.*@`)
)

// RedactURL is the text of a connection string or any URL with its passwords
// replaced. It takes URLs and "key=value" strings, also malformed ones: rather
// than show a part of a password it hides more than the password.
func RedactURL(text string) string {
	scheme, rest, isURL := strings.Cut(text, "://")
	if !isURL || !urlScheme.MatchString(scheme) {
		return redactPairs(text)
	}
	// An unescaped password may hold any character, so only the last @ is sure
	// to come after it.
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		user, _, hasPassword := strings.Cut(rest[:i], ":")
		if hasPassword {
			user += ":" + redacted
		}
		rest = user + rest[i:]
	}
	return scheme + "://" + queryPassword.ReplaceAllString(rest, "${1}"+redacted)
}

// redactPairs redacts "key=value" strings and text of no known form.
func redactPairs(text string) string {
	if i := strings.LastIndexByte(text, '@'); i >= 0 && !strings.Contains(text, "=") {
		return redacted + text[i:]
	}
	text = dsnPassword.ReplaceAllString(text, "${1}"+redacted)
	return innerURL.ReplaceAllString(text, "://"+redacted+"@")
}
