package service

import (
	"net"
	"strings"
)

// EventsURL is where clients of Server-Sent Events connect to.
func (s *Service) EventsURL() string { return "http://" + Reachable(s.Public()) + "/events" }

// WebSocketURL is where WebSocket clients connect to.
func (s *Service) WebSocketURL() string { return "ws://" + Reachable(s.Public()) + "/ws" }

// Reachable names this machine where the listener has every address.
func Reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
