package keyset_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rowcast/internal/access/auth/keyset"
)

// TestErrorsHideTheAddress: whatever goes wrong, what may be secret in the address of
// the set, or in where it redirects to, is in no error and not in the log.
func TestErrorsHideTheAddress(t *testing.T) {
	t.Parallel()
	const secrets = "?key=hunter2#hunter2"
	answers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			w.Header().Set("Location", "https://hunter2:hunter2@elsewhere.example/set"+secrets)
			w.WriteHeader(http.StatusFound)
		case "/malformed":
			w.Header().Set("Location", "https://hunter2:%zz@elsewhere.example")
			w.WriteHeader(http.StatusFound)
		case "/cut":
			w.Header().Set("Content-Length", "100")
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(answers.Close)
	for _, base := range []string{
		answers.URL + "/redirect", answers.URL + "/malformed", answers.URL + "/cut", answers.URL + "/fails",
		"http://127.0.0.1:1/refused", "http://public.example/clear", "ftp://public.example/", "https:///keys", "https://public.example:x/keys",
	} {
		var log bytes.Buffer
		address := strings.Replace(base, "://", "://hunter2:hunter2@", 1) + secrets
		set, err := keyset.New(keyset.Options{URL: address, Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err == nil {
			err = set.Refresh(t.Context())
		}
		if err == nil || strings.Contains(err.Error()+log.String(), "hunter2") {
			t.Errorf("%s: %v\n%s", base, err, log.String())
		}
		if set != nil {
			if err := set.Ready(); err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: not ready because %v", base, err)
			}
		}
	}
}
