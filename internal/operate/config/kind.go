package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// kind is what the values of a setting look like.
type kind int

const (
	text kind = iota
	path
	databaseURL
	webURL
	address
	port
	origins
	notify
	toggle
	duration
	heartbeat
	leeway
	count
	claims
	level
	connections
	size
	networks
	risks
)

// rule says for people and Load what a kind is.
type rule struct {
	// word stands for a value in help texts.
	word string
	// accepts says which values are accepted.
	accepts string
	// check refuses a value with errForm or an error that says more.
	check func(value string) error
}

// errForm is the error of a check when what is accepted says it all.
var errForm = errors.New("not of the accepted form")

func (k kind) rule() rule {
	switch k {
	case path:
		return rule{"path", "a path without NUL bytes", checkPath}
	case databaseURL:
		return rule{
			"url",
			`a URL such as postgres://user:password@host:5432/name, or key=value pairs such as "host=/tmp dbname=name"`,
			checkDatabase,
		}
	case webURL:
		return rule{"url", "an http or https URL", checkWebURL}
	case address:
		return rule{"host:port", "host:port, or :port for all interfaces", checkAddress}
	case port:
		return rule{"port", "a port number from 0 to 65535", checkPort}
	case origins:
		return rule{"origins", "origins such as https://app.example.com, https://*-team.example.app or capacitor://localhost, comma-separated", checkOrigins}
	case notify:
		return rule{"mode", "auto, always or never", oneOf("auto", "always", "never")}
	case toggle:
		return rule{"on|off", "on or off", oneOf("on", "off")}
	case duration:
		return rule{"duration", "a duration of at least 1ms with its unit, such as 168h, 90m or 25s", checkDuration}
	case heartbeat:
		return rule{"duration", "a duration from 1ms to 24h with its unit, such as 25s", checkHeartbeat}
	case leeway:
		return rule{"duration", "a duration from 0s to 10m with its unit, such as 60s", checkLeeway}
	case claims:
		return rule{"claims", "names or paths of claims such as org_id or app_metadata.tenant_id, comma-separated", checkClaims}
	case level:
		return rule{"level", "debug, info, warn or error", oneOf("debug", "info", "warn", "error")}
	case count:
		return rule{"rows", "a whole number from 1 to 2147483647", checkCount}
	case connections:
		return rule{"number", "a whole number from 1 to 2147483647", checkCount}
	case size:
		return rule{"size", "at least 1MiB, a whole number with its unit, such as 256MiB or 1GiB", checkSize}
	case networks:
		return rule{"networks", "addresses and networks such as 10.0.0.0/8, comma-separated", checkNetworks}
	case risks:
		return rule{"risks", strings.Join(riskCodes(), ", ") + ", comma-separated", each(oneOf(riskCodes()...))}
	case text:
	}
	return rule{"text", "any text", func(string) error { return nil }}
}

func checkPath(value string) error {
	if strings.ContainsRune(value, 0) {
		return errForm
	}
	return nil
}

// portPair is a port in a key=value connection string, or in the query of a URL.
var portPair = regexp.MustCompile(`(?:^|[\s?&])port\s*=\s*'?([^\s'&#]*)`)

// checkDatabasePorts looks at the ports of a connection string. There may be several
// hosts, each with its own.
func checkDatabasePorts(value string) error {
	var ports []string
	if hosts, query, isURL := splitDatabaseURL(value); isURL {
		value = "?" + query
		for host := range strings.SplitSeq(hosts, ",") {
			if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
				ports = append(ports, host[i+1:])
			}
		}
	}
	// What a password holds is no port.
	if pair := portPair.FindStringSubmatch(RedactURL(value)); pair != nil {
		ports = append(ports, strings.Split(pair[1], ",")...)
	}
	for _, port := range ports {
		if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
			return errors.New("the port is no number from 1 to 65535")
		}
	}
	return nil
}

// splitDatabaseURL is the hosts and the query of a URL, also of one whose port keeps it
// from being one.
func splitDatabaseURL(value string) (hosts, query string, isURL bool) {
	_, rest, isURL := strings.Cut(value, "://")
	if u, err := url.Parse(value); err == nil && isURL {
		return u.Host, u.RawQuery, true
	}
	hosts = rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 && (strings.Contains(rest[:end], "@") || !strings.Contains(rest, "@")) {
		hosts = rest[:end] // else that is in the password
	}
	hosts = hosts[strings.LastIndexByte(hosts, '@')+1:]
	if end := strings.IndexAny(hosts, "/?#"); end >= 0 {
		hosts = hosts[:end]
	}
	return hosts, "", isURL
}

// firstPair is how a key=value connection string starts.
var firstPair = regexp.MustCompile(`^[a-z_]+\s*=`)

func checkDatabase(value string) error {
	scheme, _, isURL := strings.Cut(value, "://")
	switch {
	case isURL && !strings.Contains(scheme, "="):
		if scheme != "postgres" && scheme != "postgresql" {
			return errors.New("the scheme of the URL is not postgres")
		}
		return checkDatabasePorts(value)
	case !firstPair.MatchString(value):
		return errForm
	}
	return checkDatabasePorts(value)
}

func checkWebURL(value string) error {
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return errForm
	}
	return nil
}

func checkAddress(value string) error {
	if checkPort(value) == nil {
		return errors.New("for a port alone write :" + value)
	}
	host, portText, err := net.SplitHostPort(value)
	if err != nil || strings.ContainsAny(host, "/@ ") {
		return errForm
	}
	if strings.Contains(host, ":") {
		if _, err := netip.ParseAddr(host); err != nil {
			return errors.New("the host is no IPv6 address")
		}
	}
	if checkPort(portText) != nil {
		return errors.New("the port is no number from 0 to 65535")
	}
	return nil
}

func checkPort(value string) error {
	if _, err := strconv.ParseUint(value, 10, 16); err != nil {
		return errForm
	}
	return nil
}

// schemeForm is what schemes of websites and of apps look like.
var schemeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`)

// checkOrigins looks at the form only: package auth reads origins.
func checkOrigins(value string) error {
	for part := range strings.SplitSeq(value, ",") {
		part = strings.TrimSpace(part)
		if part == "*" {
			return errors.New("* would let every website in; list the origins")
		}
		scheme, _, isURL := strings.Cut(part, "://")
		if part != "" && (!isURL || !schemeForm.MatchString(scheme) || strings.EqualFold(scheme, "ws") || strings.EqualFold(scheme, "wss")) {
			return errForm
		}
	}
	return nil
}

func oneOf(words ...string) func(string) error {
	return func(value string) error {
		if slices.Contains(words, value) {
			return nil
		}
		if near := Suggest(value, words); near != "" {
			return errors.New("did you mean " + near + "?")
		}
		return errForm
	}
}

func checkDuration(value string) error {
	if d, err := time.ParseDuration(value); err != nil || d < time.Millisecond {
		return errForm
	}
	return nil
}

// checkHeartbeat refuses what does not fit the timers of browsers, which are of 31
// bits: those end at once what should last for a month.
func checkHeartbeat(value string) error {
	if d, err := time.ParseDuration(value); err != nil || d < time.Millisecond || d > 24*time.Hour {
		return errForm
	}
	return nil
}

func checkLeeway(value string) error {
	if d, err := time.ParseDuration(value); err != nil || d < 0 || d > 10*time.Minute {
		return errForm
	}
	return nil
}

func checkClaims(value string) error {
	if strings.Trim(value, ", ") == "" {
		return errors.New("it names no claim")
	}
	return each(func(part string) error {
		if len(part) > 255 || strings.ContainsFunc(part, unicode.IsControl) {
			return errors.New("a name has at most 255 bytes and no control characters")
		}
		return nil
	})(value)
}

func checkCount(value string) error {
	if n, err := strconv.ParseInt(value, 10, 32); err != nil || n < 1 {
		return errForm
	}
	return nil
}

// each checks the parts of a comma-separated list.
func each(check func(part string) error) func(value string) error {
	return func(value string) error {
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			if err := check(part); err != nil {
				return err
			}
		}
		return nil
	}
}

func checkNetworks(value string) error {
	_, err := parseNetworks(value)
	return err
}

// parseNetworks reads a list of networks; an address is a network of its own.
func parseNetworks(value string) (networks []netip.Prefix, err error) {
	err = each(func(part string) error {
		network, err := netip.ParsePrefix(part)
		if address, isAddress := netip.ParseAddr(part); isAddress == nil && address.Zone() == "" {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return errors.New(strconv.Quote(part) + " is none")
		}
		networks = append(networks, network.Masked())
		return nil
	})(value)
	return networks, err
}
