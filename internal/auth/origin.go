package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Origins are the websites whose pages may talk to us. The zero value allows only
// pages of our own.
type Origins struct{ allowed map[string]struct{} }

// NewOrigins reads lists of origins such as https://app.example.com, separated by
// commas: the values of FRONTEND_URL and ORIGIN. An origin is matched whole, by
// scheme, host and port.
func NewOrigins(values ...string) (Origins, error) {
	o := Origins{allowed: map[string]struct{}{}}
	var problems []error
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			origin, err := parseOrigin(strings.TrimSuffix(part, "/"))
			if err != nil {
				if at := strings.LastIndexByte(part, '@'); at >= 0 { // a password may be before it
					part = "…" + part[at:]
				}
				if rest := strings.IndexAny(part, "?#"); rest >= 0 { // and a key after it
					part = part[:rest+1] + "…"
				}
				problems = append(problems, fmt.Errorf("origin %q (FRONTEND_URL, ORIGIN): %w", part, err))
				continue
			}
			o.allowed[origin] = struct{}{}
		}
	}
	if len(problems) > 0 {
		return Origins{}, errors.Join(problems...)
	}
	return o, nil
}

// Allowed says whether the page that sent the request may talk to us. A request
// without an Origin header comes from no page and is allowed; what it may do is
// for its token to say. Forwarded headers are not looked at: behind a proxy that
// changes the Host, set FRONTEND_URL.
func (o Origins) Allowed(r *http.Request) bool {
	headers := r.Header.Values("Origin")
	if len(headers) == 0 {
		return true
	}
	if len(headers) > 1 {
		return false
	}
	origin, err := parseOrigin(headers[0])
	if err != nil {
		return false
	}
	if _, ok := o.allowed[origin]; ok {
		return true
	}
	// A proxy may have taken TLS off, so an https page can be ours even if the
	// request came in clear; the reverse cannot.
	scheme, _, _ := strings.Cut(origin, "://")
	if r.TLS != nil && scheme != "https" {
		return false
	}
	own, err := parseOrigin(scheme + "://" + r.Host)
	return err == nil && own == origin
}

// parseOrigin gives an origin in the form in which two equal origins are the same
// text.
func parseOrigin(text string) (string, error) {
	if strings.Contains(text, "*") {
		return "", errors.New("wildcards are not supported; list every origin")
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", errors.New("not a URL; want a form such as https://app.example.com")
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || host == "":
		return "", errors.New("want http:// or https:// and a host, such as https://app.example.com")
	case u.User != nil || u.Path != "" || strings.ContainsAny(text, "?#"):
		return "", fmt.Errorf("an origin ends after the host and port; want %s://%s", u.Scheme, u.Host)
	case strings.ContainsFunc(host, func(r rune) bool { return r > '~' || r <= ' ' || strings.ContainsRune(`,;\"'<>{}|%^`+"`", r) }):
		return "", errors.New("want the host in ASCII; international names start with xn--")
	}
	if strings.Contains(host, ":") {
		ip, err := netip.ParseAddr(host)
		if err != nil {
			return "", errors.New("the host is no IPv6 address")
		}
		host = "[" + ip.String() + "]"
	}
	if strings.HasSuffix(u.Host, ":") {
		return "", errors.New("the port is missing after the colon")
	}
	if u.Port() == "" {
		return u.Scheme + "://" + host, nil
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return "", errors.New("the port is no number from 1 to 65535")
	}
	if u.Scheme == "http" && port == 80 || u.Scheme == "https" && port == 443 {
		return u.Scheme + "://" + host, nil
	}
	return fmt.Sprintf("%s://%s:%d", u.Scheme, host, port), nil
}
