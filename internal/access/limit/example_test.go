package limit_test

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"time"

	"rowcast/internal/access/limit"
)

// Three at once, then two in a second.
func ExampleRates() {
	rates := limit.NewRates[string](2, 3)
	now := time.Now()
	for range 4 {
		wait, ok := rates.Allow("ada", now)
		fmt.Println(ok, wait)
	}
	_, ok := rates.Allow("ada", now.Add(time.Second))
	fmt.Println(ok)
	// Output:
	// true 0s
	// true 0s
	// true 0s
	// false 500ms
	// true
}

// A proxy that is trusted says who its client is.
func ExampleAddresses() {
	r := httptest.NewRequest("GET", "/ws", nil)
	r.RemoteAddr = "203.0.113.9:1234"
	r.Header.Set("X-Forwarded-For", "198.51.100.7")

	fmt.Println(limit.Addresses{}.Of(r))
	fmt.Println(limit.Addresses{Proxies: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}}.Of(r))
	// Output:
	// 203.0.113.9
	// 198.51.100.7
}
