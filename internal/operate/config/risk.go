package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Risk is a setting that is not safe for a server that other machines reach.
type Risk struct {
	// Code is what ROWCAST_INSECURE takes to accept it.
	Code string
	// Problem says which setting it is, what is wrong and what to do.
	Problem Problem
}

// The codes of the risks.
const (
	weakSecret    = "weak-secret"
	publicAdmin   = "public-admin"
	clearOrigin   = "clear-origin"
	clearDatabase = "clear-database"
)

func riskCodes() []string { return []string{weakSecret, publicAdmin, clearOrigin, clearDatabase} }

// RiskError is what Risky returns: every risk at once.
type RiskError struct{ Risks []Risk }

// Error lists the risks, one a line, and how to take them.
func (e *RiskError) Error() string {
	var b strings.Builder
	var codes []string
	b.WriteString("not safe for a server that other machines reach:")
	for _, r := range e.Risks {
		fmt.Fprintf(&b, "\n  %s=%q: %s", r.Problem.Name, r.Problem.Value, r.Problem.Text)
		if !slices.Contains(codes, r.Code) {
			codes = append(codes, r.Code)
		}
	}
	fmt.Fprintf(&b, "\nTo serve all the same: --rowcast-insecure %s, or ROWCAST_INSECURE in the environment", strings.Join(codes, ","))
	return b.String()
}

const (
	// strongSecret is the shortest secret, in bytes: the length of a signature.
	strongSecret = 32
	// variety is how many different bytes a secret has at least.
	variety = 8
)

// Risky returns a *RiskError if the settings are not safe for the addresses that
// they listen on, but for what Insecure accepts.
func (c Config) Risky() error {
	var risks []Risk
	add := func(code, name, value, text string) {
		if !slices.Contains(strings.FieldsFunc(c.Insecure, func(r rune) bool { return r == ',' || r == ' ' }), code) {
			risks = append(risks, Risk{code, Problem{Name: name, Value: value, Text: text}})
		}
	}
	if host, _, err := net.SplitHostPort(c.AdminAddr); err == nil && !private(host, false) {
		add(publicAdmin, "ADMIN_ADDR", c.AdminAddr,
			"metrics, status and profiles ask nobody for a password; listen on 127.0.0.1 or on one private address")
	}
	if host, _, err := net.SplitHostPort(c.Addr); err == nil && !loopback(host) {
		c.risks(add)
	}
	if len(risks) > 0 {
		return &RiskError{risks}
	}
	return nil
}

// risks adds those of a public listener that others reach.
func (c Config) risks(add func(code, name, value, text string)) {
	if secret := string(c.JWTSecret); secret != "" && weak(secret) {
		add(weakSecret, "JWT_SECRET", c.JWTSecret.String(), fmt.Sprintf(
			"it has %d bytes, %d of them different, and can be guessed; have at least %d random ones, as from: openssl rand -base64 %[3]d",
			len(secret), different(secret), strongSecret))
	}
	for _, setting := range []struct{ name, value string }{{"FRONTEND_URL", c.FrontendURL}, {"ORIGIN", c.Origin}} {
		for part := range strings.SplitSeq(setting.value, ",") {
			u, err := url.Parse(strings.TrimSpace(part))
			if err == nil && u.Scheme == "http" && !private(u.Hostname(), true) {
				add(clearOrigin, setting.name, RedactURL(strings.TrimSpace(part)),
					"whoever is on the way of a page that comes by http can change it, and use the token of its user; serve it by https")
			}
		}
	}
	for _, setting := range []struct{ name, value string }{{"DATABASE_URL", c.DatabaseURL}, {"LISTEN_DATABASE_URL", c.ListenDatabaseURL}} {
		u, err := url.Parse(setting.value)
		if err == nil && u.Query().Get("sslmode") == "disable" && u.Hostname() != "" && !private(u.Hostname(), true) {
			add(clearDatabase, setting.name, RedactURL(setting.value), "the password and all data cross a public network in clear; use sslmode=verify-full")
		}
	}
}

// weak says whether a secret can be guessed.
func weak(secret string) bool { return len(secret) < strongSecret || different(secret) < variety }

// different counts the different bytes.
func different(text string) int {
	seen := map[byte]bool{}
	for i := range len(text) {
		seen[text[i]] = true
	}
	return len(seen)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// private says whether a host is not to be reached from everywhere. What a name
// stands for is not looked up: with names, those count that no public host has.
func private(host string, names bool) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
	}
	if loopback(host) {
		return true
	}
	if !names || host == "" {
		return false
	}
	local := !strings.Contains(host, ".")
	for _, suffix := range []string{".localhost", ".local", ".internal", ".test", ".home.arpa"} {
		local = local || strings.HasSuffix(strings.ToLower(host), suffix)
	}
	return local
}
