package limit

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

const (
	// network is the length of the prefix that one IPv6 customer has.
	network = 64
	// maxHops bounds the proxies that are looked at.
	maxHops = 16
)

// Addresses says which client a request comes from. The zero value trusts no
// proxy.
type Addresses struct {
	// Proxies are the networks of the proxies that are believed.
	Proxies []netip.Prefix
}

// Of is the address of the client, or the network of an IPv6 client. It is not valid if
// the client cannot be distinguished from others: a request that comes from this
// machine or from a private network, directly or through a trusted proxy, may come
// through a proxy that nobody has named.
func (a Addresses) Of(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	client := from.Addr().Unmap().WithZone("")
	if a.trusts(client) {
		client = a.forwarded(client, r.Header.Values("X-Forwarded-For"))
	}
	return apart(client)
}

// Peer is the address of the peer that has connected from remote, as that of Of. It is
// not valid either for a proxy that is trusted, which connects for many.
func (a Addresses) Peer(remote string) netip.Addr {
	from, err := netip.ParseAddrPort(remote)
	if err != nil || a.trusts(from.Addr().Unmap().WithZone("")) {
		return netip.Addr{}
	}
	return apart(from.Addr().Unmap().WithZone(""))
}

// Unnamed is the peer that sent a request that says it was forwarded, if nobody has
// named that proxy. It may also be a client that made it up.
func (a Addresses) Unnamed(r *http.Request) (proxy netip.Addr, ok bool) {
	if r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == "" {
		return netip.Addr{}, false
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	proxy = from.Addr().Unmap().WithZone("")
	return proxy, !a.trusts(proxy)
}

// apart is what distinguishes a client from others by its address, if anything does.
func apart(client netip.Addr) netip.Addr {
	switch {
	case client.IsLoopback() || client.IsPrivate() || client.IsLinkLocalUnicast():
		return netip.Addr{}
	case client.Is6():
		prefix, _ := client.Prefix(network) // every IPv6 address has one
		return prefix.Addr()
	}
	return client
}

// forwarded goes back from the proxy that connected, as far as proxies are
// trusted.
func (a Addresses) forwarded(client netip.Addr, headers []string) netip.Addr {
	hops := strings.Split(strings.Join(headers, ","), ",")
	slices.Reverse(hops)
	for _, hop := range hops[:min(len(hops), maxHops)] {
		address, err := netip.ParseAddr(strings.Trim(strings.TrimSpace(hop), "[]"))
		if withPort, portErr := netip.ParseAddrPort(strings.TrimSpace(hop)); portErr == nil {
			address, err = withPort.Addr(), nil
		}
		if err != nil {
			break // what was before it nobody vouches for
		}
		client = address.Unmap().WithZone("")
		if !a.trusts(client) {
			break
		}
	}
	return client
}

func (a Addresses) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(a.Proxies, func(p netip.Prefix) bool { return p.Contains(address) })
}
