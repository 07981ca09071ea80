package origin

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Origins are the websites and apps whose pages may talk to us. The zero value allows
// only pages of our own.
type Origins struct {
	allowed  map[string]struct{}
	patterns []pattern
}

// New reads lists of origins such as https://app.example.com, separated by
// commas: the values of FRONTEND_URL and ORIGIN. An origin is matched whole, by
// scheme, host and port. The scheme may be that of an app, such as capacitor or file. A
// star stands for a part of the first label of a host of the web, and for nothing else.
func New(values ...string) (Origins, error) {
	o := Origins{allowed: map[string]struct{}{}}
	var problems []error
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			if err := o.add(part); err != nil {
				if at := strings.LastIndexByte(part, '@'); at >= 0 { // a password may be before it
					part = "…" + part[at:]
				}
				if rest := strings.IndexAny(part, "?#"); rest >= 0 { // and a key after it
					part = part[:rest+1] + "…"
				}
				problems = append(problems, fmt.Errorf("origin %q (FRONTEND_URL, ORIGIN): %w", part, err))
			}
		}
	}
	if len(problems) > 0 {
		return Origins{}, errors.Join(problems...)
	}
	return o, nil
}

// add has an origin, or a pattern of origins, be allowed.
func (o *Origins) add(text string) error {
	if bare := strings.TrimSuffix(text, "/"); !strings.HasSuffix(bare, ":/") { // the slashes of file:// stay
		text = bare
	}
	if strings.Contains(text, "*") {
		p, err := parsePattern(text)
		if err == nil {
			o.patterns = append(o.patterns, p)
		}
		return err
	}
	origin, err := parseOrigin(text)
	if err == nil {
		o.allowed[origin] = struct{}{}
	}
	return err
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
	for _, p := range o.patterns {
		if p.matches(origin) {
			return true
		}
	}
	// A proxy may have taken TLS off, so an https page can be ours even if the
	// request came in clear; the reverse cannot. A page of an app is not ours.
	scheme, _, _ := strings.Cut(origin, "://")
	if !web(scheme) || r.TLS != nil && scheme != "https" {
		return false
	}
	own, err := parseOrigin(scheme + "://" + r.Host)
	return err == nil && own == origin
}

func web(scheme string) bool { return scheme == "http" || scheme == "https" }

// pattern is what origins have before and after the part that may be anything within
// a label.
type pattern struct{ before, after string }

func (p pattern) matches(origin string) bool {
	if len(origin) <= len(p.before)+len(p.after) || !strings.HasPrefix(origin, p.before) || !strings.HasSuffix(origin, p.after) {
		return false
	}
	return !strings.ContainsFunc(origin[len(p.before):len(origin)-len(p.after)], func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

// parsePattern reads an origin with a star.
func parsePattern(text string) (pattern, error) {
	scheme, host, _ := strings.Cut(text, "://")
	label, rest, _ := strings.Cut(host, ".")
	name, _, _ := strings.Cut(rest, ":")
	if !web(strings.ToLower(scheme)) || strings.Count(text, "*") != 1 || !strings.Contains(label, "*") {
		return pattern{}, errors.New("one * may stand for a part of the first label of a host, as in https://*-team.example.app; list every other origin")
	}
	if !strings.Contains(name, ".") && !strings.EqualFold(name, "localhost") {
		return pattern{}, errors.New("* would let in everybody who has a name there; name the labels after the first, as in https://*.example.com, or list every origin")
	}
	const any = "0" // stands for the star, at the same place in both forms
	origin, err := parseOrigin(strings.Replace(text, "*", any, 1))
	if err != nil {
		return pattern{}, err
	}
	at := strings.IndexByte(text, '*')
	return pattern{origin[:at], origin[at+len(any):]}, nil
}

// parseOrigin returns an origin in the form in which two equal origins are the same
// text.
func parseOrigin(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", errors.New("not a URL; want a form such as https://app.example.com")
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case text == "null":
		return "", errors.New("pages of every website can send null, so it is never let in; serve the page over http or https, or name its scheme and host")
	case !strings.HasPrefix(text[len(u.Scheme):], "://"), u.Scheme == "ws", u.Scheme == "wss", web(u.Scheme) && host == "":
		return "", errors.New("want http:// or https:// and a host, such as https://app.example.com, or the scheme of an app, such as capacitor://localhost")
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
