package origin_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rowcast/internal/access/origin"
)

func newOrigins(t *testing.T, values ...string) origin.Origins {
	t.Helper()
	o, err := origin.New(values...)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func from(t *testing.T, method, host string, origins ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/ws", nil)
	r.Host = host
	if len(origins) > 0 {
		r.Header["Origin"] = origins
	}
	return r
}

func TestOriginAllowed(t *testing.T) {
	t.Parallel()
	listed := newOrigins(t,
		"https://app.example.com, http://localhost:5173/", "HTTPS://Shop.Example.com:443,http://plain.example.com:80,", "http://[0:0::1]:3000", "https://xn--mller-kva.example",
		"capacitor://localhost,tauri://,file://,file:///,Chrome-Extension://abcdefghijklmnop,exp://192.168.1.7:8081,app://.", "http://tauri.localhost",
		"https://*-team.vercel.app, https://*.Shops.Example.com:8443,http://*.localhost:3000,https://pr-*.example.net:443",
	)
	for origin, want := range map[string]bool{
		"https://app.example.com":             true,
		"https://app.example.com:443":         true,
		"HTTPS://APP.EXAMPLE.COM":             true,
		"http://localhost:5173":               true,
		"https://shop.example.com":            true,
		"http://plain.example.com":            true,
		"http://[::1]:3000":                   true,
		"https://xn--mller-kva.example":       true,
		"https://feed.example.com":            true, // our own
		"http://feed.example.com":             true,
		"null":                                false,
		"":                                    false,
		"*":                                   false,
		"http://app.example.com":              false,
		"https://app.example.com:80":          false,
		"https://app.example.com:8443":        false,
		"https://app.example.com.evil.com":    false,
		"https://evil.com/app.example.com":    false,
		"https://evil.com#app.example.com":    false,
		"https://evil.com?app.example.com":    false,
		"https://app.example.com@evil.com":    false,
		"https://evil.com\\@app.example.com":  false,
		"https://app.example.com/":            false, // no browser sends a path
		"https://evilapp.example.com":         false,
		"https://example.com":                 false,
		"https://sub.app.example.com":         false,
		"https://app.example.com.":            false,
		"https://app_example.com":             false,
		"https://appxexample.com":             false,
		"https://app.example.com%2eevil.com":  false,
		"https://app.example.com evil.com":    false,
		"https://app.example.com,https://e.c": false,
		"http://localhost":                    false,
		"http://localhost:51730":              false,
		"http://127.0.0.1:5173":               false,
		"http://[::1]":                        false,
		"https://feed.example.com:8443":       false,
		"https://feed.example.com.evil.com":   false,
		"wss://app.example.com":               false,
		"file://":                             true,
		"tauri://":                            true,
		"tauri://localhost":                   false,
		"capacitor://localhost":               true,
		"CAPACITOR://LOCALHOST":               true,
		"capacitor://localhost:80":            false,
		"capacitor://evil":                    false,
		"ionic://localhost":                   false,
		"http://tauri.localhost":              true,
		"chrome-extension://abcdefghijklmnop": true,
		"chrome-extension://abcdef":           false,
		"exp://192.168.1.7:8081":              true,
		"app://.":                             true,
		"app://":                              false,
		"capacitor://feed.example.com":        false, // our host, but no page of ours
		"https://my-branch-team.vercel.app":   true,
		"https://MY-team.vercel.app:443":      true,
		"https://-team.vercel.app":            false,
		"https://evil.com/-team.vercel.app":   false,
		"https://evil.com#-team.vercel.app":   false,
		"https://a.b-team.vercel.app":         false,
		"https://a:1-team.vercel.app":         false,
		"https://a@b-team.vercel.app":         false,
		"https://a-team.vercel.app.evil.com":  false,
		"https://a-team-vercel.app":           false,
		"https://a-steam.vercel.app":          false,
		"http://a-team.vercel.app":            false,
		"https://a-team.vercel.app:8443":      false,
		"https://acme.shops.example.com:8443": true,
		"https://acme.shops.example.com":      false,
		"https://shops.example.com:8443":      false,
		"https://a.b.shops.example.com:8443":  false,
		"https://*.shops.example.com:8443":    false,
		"http://acme.localhost:3000":          true,
		"http://localhost:3000":               false,
		"https://pr-17.example.net":           true,
		"https://pr-.example.net":             false,
		"app.example.com":                     false,
		"//app.example.com":                   false,
		"https://":                            false,
		"https://app.example.com:":            false,
		"https://app.example.com:0":           false,
		"https://app.example.com:65979":       false, // 443 modulo 65536
	} {
		if got := listed.Allowed(from(t, http.MethodGet, "feed.example.com", origin)); got != want {
			t.Errorf("origin %q: allowed %t, want %t", origin, got, want)
		}
	}
	if !listed.Allowed(from(t, http.MethodGet, "feed.example.com")) {
		t.Error("a program without an Origin header is refused")
	}
	if listed.Allowed(from(t, http.MethodGet, "feed.example.com", "https://app.example.com", "https://evil.com")) {
		t.Error("two Origin headers are allowed")
	}
}

func TestOwnOriginIsAllowed(t *testing.T) {
	t.Parallel()
	var none origin.Origins
	for _, tc := range []struct {
		host, origin string
		tls, want    bool
	}{
		{"localhost:8080", "http://localhost:8080", false, true},
		{"LOCALHOST:8080", "http://localhost:8080", false, true},
		{"feed.example.com", "http://feed.example.com", false, true},
		{"feed.example.com:80", "http://feed.example.com", false, true},
		{"feed.example.com", "https://feed.example.com", false, true}, // TLS ends at a proxy
		{"feed.example.com:443", "https://feed.example.com", true, true},
		{"feed.example.com", "http://feed.example.com", true, false}, // a page sent in clear can be forged
		{"[::1]:8080", "http://[::1]:8080", false, true},
		{"localhost:8080", "http://localhost:8081", false, false},
		{"localhost:8080", "http://127.0.0.1:8080", false, false},
		{"localhost:8080", "http://localhost", false, false},
		{"feed.example.com", "http://evil.com", false, false},
		{"", "http://", false, false},
		{"a b", "http://a b", false, false},
	} {
		r := from(t, http.MethodGet, tc.host, tc.origin)
		r.Header.Set("X-Forwarded-Host", "evil.com")
		if tc.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := none.Allowed(r); got != tc.want {
			t.Errorf("host %q, origin %q, TLS %t: allowed %t", tc.host, tc.origin, tc.tls, got)
		}
	}
}

func TestNewOriginsNamesBadValues(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"*":                             "list every other origin",
		"https://*":                     "list every origin",
		"https://*:443":                 "list every origin",
		"https://*.com":                 "list every origin",
		"https://**.example.com":        "list every other origin",
		"https://*.*.example.com":       "list every other origin",
		"https://app.*.example.com":     "list every other origin",
		"https://app.example.com:*":     "list every other origin",
		"*://app.example.com":           "list every other origin",
		"chrome-extension://*":          "list every other origin",
		"https://*.example.com/login":   "want https://",
		"https://*.example.com:x":       "not a URL",
		"null":                          "every website",
		"capacitor:localhost":           "want http:// or https://",
		"file:///android_asset":         "want file://",
		"app.example.com":               "want http:// or https://",
		"localhost:3000":                "want http:// or https://",
		"wss://app.example.com":         "want http:// or https://",
		"://app.example.com":            "not a URL",
		"https://":                      "and a host",
		"https://app.example.com/login": "want https://app.example.com",
		"https://app.example.com//":     "want https://app.example.com",
		"https://app.example.com?x=1":   "want https://app.example.com",
		"https://u:p@app.example.com":   "want https://app.example.com",
		"https://app.example.com:":      "port is missing",
		"https://app.example.com:99999": "port is no number",
		"https://app.example.com:0":     "port is no number",
		"https://app.example.com:x":     "not a URL",
		"https://müller.example":        "xn--",
		"https://a b":                   "not a URL",
		"http://[::1":                   "not a URL",
		"http://[::zz]":                 "not a URL",
	} {
		_, err := origin.New("https://good.example.com", "https://other.example.com,"+value)
		named := value
		if at := strings.IndexByte(value, '@'); at >= 0 {
			named = `"…` + value[at:] // a password is not repeated
		}
		if rest := strings.IndexAny(named, "?#"); rest >= 0 {
			named = named[:rest+1] + "…" // nor a key
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), named) {
			t.Errorf("%q: error %v; want it to name the value and say %q", value, err, want)
		}
	}
	_, err := origin.New("*", "null")
	if err == nil || !strings.Contains(err.Error(), `"*"`) || !strings.Contains(err.Error(), `"null"`) {
		t.Errorf("two bad values: %v", err)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	handler := origin.NewCORS(newOrigins(t, "https://app.example.com").Allowed).Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	}))
	for origin, want := range map[string]string{
		"https://app.example.com": "https://app.example.com", "http://feed.example.com": "http://feed.example.com",
		"https://evil.com": "", "null": "",
	} {
		preflight := from(t, http.MethodOptions, "feed.example.com", origin)
		preflight.Header.Set("Access-Control-Request-Method", http.MethodPost)
		const asked = "authorization,baggage,content-type,ngrok-skip-browser-warning,sentry-trace,traceparent"
		preflight.Header.Set("Access-Control-Request-Headers", asked)
		plain := from(t, http.MethodGet, "feed.example.com", origin)
		for _, r := range []*http.Request{preflight, plain} {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			h := w.Header()
			if got := h.Get("Access-Control-Allow-Origin"); got != want || !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
				t.Errorf("%s from %s: headers %v, want origin %q", r.Method, origin, h, want)
			}
			if r == preflight && want != "" && (h.Get("Access-Control-Allow-Headers") != asked || h.Get("Access-Control-Allow-Credentials") != "true" || w.Code != http.StatusNoContent) {
				t.Errorf("preflight from %s: %d %v", origin, w.Code, h)
			}
			if r == plain && w.Code != http.StatusTeapot {
				t.Errorf("the handler was not reached: %d", w.Code)
			}
		}
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, from(t, http.MethodGet, "feed.example.com"))
	if got := w.Header().Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("without Origin: %q", got)
	}
}
