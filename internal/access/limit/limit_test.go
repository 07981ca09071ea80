package limit_test

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rowcast/internal/access/limit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestQuota(t *testing.T) {
	t.Parallel()
	p := limit.NewQuota[string](3)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				if p.Take("a") {
					if n := p.Held("a"); n < 1 || n > 3 {
						t.Errorf("%d places are held", n)
					}
					p.Leave("a")
				}
			}
		})
	}
	wg.Wait()
	if p.Keys() != 0 {
		t.Errorf("%d keys are left", p.Keys())
	}
	for range 3 {
		if !p.Take("a") {
			t.Error("a place is refused")
		}
	}
	if p.Take("a") {
		t.Error("a place too many is taken")
	}
	if !p.Take("b") {
		t.Error("another key is refused")
	}
	if p.Leave("a"); !p.Take("a") {
		t.Error("a place that was left is refused")
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	r := limit.NewRates[netip.Addr](10, 3)
	now := time.Now()
	a, b := netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("203.0.113.2")
	want := func(client netip.Addr, wait time.Duration, ok bool) {
		t.Helper()
		if gotWait, gotOK := r.Allow(client, now); gotWait != wait || gotOK != ok {
			t.Errorf("%s: allowed %t, wait %s; want %t, %s", client, gotOK, gotWait, ok, wait)
		}
	}
	for range 3 {
		want(a, 0, true)
	}
	want(a, 100*time.Millisecond, false)
	want(a, 100*time.Millisecond, false) // trying does not count
	want(b, 0, true)
	now = now.Add(100 * time.Millisecond)
	want(a, 0, true)
	want(a, 100*time.Millisecond, false)
	now = now.Add(time.Hour)
	for range 3 {
		want(a, 0, true)
	}
	want(a, 100*time.Millisecond, false)
}

// A million addresses knock; the table keeps its size, and a client that is at
// its limit is known as long as it knocks.
func TestRatesAreBounded(t *testing.T) {
	t.Parallel()
	r := limit.NewRates[netip.Addr](1, 1)
	now := time.Now()
	victim := netip.MustParseAddr("203.0.113.1")
	for n := range 1_000_000 {
		r.Allow(netip.AddrFrom4([4]byte{100, byte(n >> 16), byte(n >> 8), byte(n)}), now)
		if n == 10_000 {
			if _, ok := r.Allow(victim, now); !ok {
				t.Error("the first time is refused")
			}
		}
		if n == 20_000 {
			if _, ok := r.Allow(victim, now); ok {
				t.Error("the second time at once is allowed")
			}
		}
	}
	if r.Len() > 1<<16 {
		t.Errorf("%d clients are remembered", r.Len())
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	trusting := limit.Addresses{Proxies: []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("2001:db8:1::/48"), netip.MustParsePrefix("198.51.100.7/32"),
	}}
	for _, test := range []struct {
		from, forwarded string // the headers, one a line
		plain, trusting string // what comes of it; "-" is nobody
	}{
		{"203.0.113.1:5", "", "203.0.113.1", "203.0.113.1"},
		{"203.0.113.1:5", "198.51.100.1", "203.0.113.1", "203.0.113.1"}, // anybody can write that
		{"[::ffff:203.0.113.1]:5", "", "203.0.113.1", "203.0.113.1"},
		{"[2001:db8:2:3:4:5:6:7]:5", "", "2001:db8:2:3::", "2001:db8:2:3::"},
		{"127.0.0.1:5", "", "-", "-"},
		{"127.0.0.1:5", "203.0.113.1", "-", "203.0.113.1"},
		{"[::1]:5", "203.0.113.1", "-", "-"},
		{"192.168.1.1:5", "203.0.113.1", "-", "-"},
		{"10.1.1.1:5", "203.0.113.1", "-", "203.0.113.1"},
		{"10.1.1.1:5", "203.0.113.1:4711", "-", "203.0.113.1"},
		{"10.1.1.1:5", "[2001:db8:2:3::1]:4711", "-", "2001:db8:2:3::"},
		{"10.1.1.1:5", "[2001:db8:2:3::1]", "-", "2001:db8:2:3::"},
		{"10.1.1.1:5", "1.2.3.4, 203.0.113.1", "-", "203.0.113.1"}, // the client wrote the first
		{"10.1.1.1:5", "1.2.3.4\n203.0.113.1", "-", "203.0.113.1"},
		{"10.1.1.1:5", "1.2.3.4, 203.0.113.1, 10.2.2.2", "-", "203.0.113.1"},
		{"10.1.1.1:5", "203.0.113.1, 10.2.2.2, 198.51.100.7", "-", "203.0.113.1"},
		{"198.51.100.7:5", "203.0.113.1", "198.51.100.7", "203.0.113.1"},
		{"198.51.100.7:5", "", "198.51.100.7", "198.51.100.7"},
		{"198.51.100.7:5", "unknown", "198.51.100.7", "198.51.100.7"},
		{"198.51.100.7:5", "203.0.113.1, unknown", "198.51.100.7", "198.51.100.7"},
		{"198.51.100.7:5", "203.0.113.1, <script>\x1b[31m", "198.51.100.7", "198.51.100.7"},
		{"198.51.100.7:5", "203.0.113.9" + strings.Repeat(", 10.0.0.1", 100), "198.51.100.7", "-"},
		{"@", "203.0.113.1", "-", "-"}, // a unix socket
	} {
		r := &http.Request{RemoteAddr: test.from, Header: http.Header{}}
		for line := range strings.SplitSeq(test.forwarded, "\n") {
			if line != "" {
				r.Header.Add("X-Forwarded-For", line)
			}
		}
		for want, a := range map[*string]limit.Addresses{&test.plain: {}, &test.trusting: trusting} {
			got := "-"
			if address := a.Of(r); address.IsValid() {
				got = address.String()
			}
			if got != *want {
				t.Errorf("%+v with %v: %s", test, a.Proxies, got)
			}
			// Who connects is the client, unless it is a proxy.
			peer, direct := a.Peer(test.from), (limit.Addresses{}).Of(&http.Request{RemoteAddr: test.from})
			if from, err := netip.ParseAddrPort(test.from); err == nil && slices.ContainsFunc(a.Proxies, func(p netip.Prefix) bool { return p.Contains(from.Addr().Unmap()) }) {
				direct = netip.Addr{}
			}
			if peer != direct {
				t.Errorf("%s connects with %v: %s", test.from, a.Proxies, peer)
			}
		}
	}
}

// TestUnnamedProxies: who forwards and is not named is told of, others are not.
func TestUnnamedProxies(t *testing.T) {
	t.Parallel()
	trusting := limit.Addresses{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for _, test := range []struct {
		from, header, want string
	}{
		{"127.0.0.1:5", "X-Forwarded-For", "127.0.0.1"},
		{"127.0.0.1:5", "Forwarded", "127.0.0.1"},
		{"127.0.0.1:5", "X-Other", "-"},
		{"10.1.1.1:5", "X-Forwarded-For", "-"},
		{"[::ffff:192.168.1.1]:5", "X-Forwarded-For", "192.168.1.1"},
		{"@", "X-Forwarded-For", "-"},
	} {
		r := &http.Request{RemoteAddr: test.from, Header: http.Header{}}
		r.Header.Set(test.header, "203.0.113.1")
		got := "-"
		if proxy, ok := trusting.Unnamed(r); ok {
			got = proxy.String()
		}
		if got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}
