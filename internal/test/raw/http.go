package raw

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
)

// Do makes a request, and returns the status and the body. Without a client, the
// connection is closed after it.
func Do(t testing.TB, client *http.Client, method, url, body string, header http.Header) (status int, text string) {
	t.Helper()
	if client == nil {
		client = &http.Client{Timeout: Timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, header)
	w, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }()
	b, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.StatusCode, string(b)
}

// Problem reads a problem document.
func Problem(t testing.TB, response *http.Response) (code, detail string) {
	t.Helper()
	var p struct {
		Type, Title, Detail, Code string
		Status                    int
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("%q: %v", body, err)
	}
	if ct := response.Header.Get("Content-Type"); ct != "application/problem+json" ||
		p.Status != response.StatusCode || p.Type != "urn:rowcast:error:"+p.Code || p.Title == "" || p.Detail == "" {
		t.Fatalf("no problem document: %s %s", ct, body)
	}
	return p.Code, p.Detail
}
