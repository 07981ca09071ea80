package server

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"rowcast/internal/transport"
)

// A page of another website may make the browser look up its own name anew, and find
// this machine. To the browser our answers are then of that website, which may read
// them. Such requests bear the name of the website.

// hostOf is the name that a request was sent to, without the port.
func hostOf(r *http.Request) string {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
}

// loopback says whether a host is this machine for every client.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// ownHost refuses requests that reach this machine from itself but under the name of
// another one. A client from elsewhere knows a name of ours that we need not know.
func ownHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if local := localIP(r); local != nil && local.IsLoopback() && !loopback(hostOf(r)) {
			http.Error(w, "this listener is called localhost", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// onlyAs serves requests that are sent to one of the names, to this machine as it
// calls itself, or to the address at which they arrive.
func onlyAs(gate *transport.Gate, names []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := hostOf(r)
		ip := net.ParseIP(host)
		if !loopback(host) && (ip == nil || !ip.Equal(localIP(r))) && !slices.Contains(names, host) {
			gate.Refuse(w, r, &transport.Problem{
				Status: http.StatusForbidden, Code: transport.Forbidden, About: "host",
				Detail: "this server does not go by that name; open it as localhost or as the address that it listens on, or add the name to FRONTEND_URL",
				Cause:  fmt.Errorf("it was asked as %.100q", host),
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// localIP is the address at which a request arrived, nil if that is not known.
func localIP(r *http.Request) net.IP {
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		return local.IP
	}
	return nil
}
