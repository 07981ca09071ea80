package web

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// built is an application with a file of each kind.
func built(t *testing.T) http.Handler {
	t.Helper()
	h, err := serve(fstest.MapFS{
		"index.html":           {Data: []byte("<!doctype html><title>the page</title>")},
		"favicon.svg":          {Data: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")},
		"assets/app-1a2b.js":   {Data: []byte("export {}")},
		"assets/app-1a2b.css":  {Data: []byte("body {}")},
		"assets/_chunk-3c.js":  {Data: []byte("export {}")},
		"docs/guide/index.txt": {Data: []byte("a file in a folder")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func ask(t *testing.T, h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPagesHaveAddresses(t *testing.T) {
	t.Parallel()
	h := built(t)
	for _, path := range []string{"/", "/orders", "/orders/ac3e0000-0000-4000-8000-000000000001", "/a/b.c/d", "/orders/?q=x.y", "/index.html"} {
		w := ask(t, h, http.MethodGet, path)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "the page") || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %s %s", path, w.Code, w.Header(), w.Body)
		}
	}
	if w := ask(t, h, http.MethodHead, "/orders"); w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("HEAD: %d %s", w.Code, w.Body)
	}
}

func TestUnknownFilesAreNotFound(t *testing.T) {
	t.Parallel()
	h := built(t)
	for _, path := range []string{"/robots.txt", "/assets/old-9f.js", "/assets/x", "/assets/..%2findex.html", "/../embed.go", "/.env", "/docs/guide/none.txt"} {
		w := ask(t, h, http.MethodGet, path)
		if w.Code != http.StatusNotFound || w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s %s", path, w.Code, w.Header(), w.Body)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch} {
		if w := ask(t, h, method, "/"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d %s", method, w.Code, w.Header())
		}
	}
}

func TestFoldersAreNotListed(t *testing.T) {
	t.Parallel()
	h := built(t)
	for _, path := range []string{"/assets", "/assets/", "/docs", "/docs/", "/docs/guide/"} {
		w := ask(t, h, http.MethodGet, path)
		if body := w.Body.String(); strings.Contains(body, "app-1a2b") || strings.Contains(body, "index.txt") || strings.Contains(body, "guide") {
			t.Errorf("%s: %d %s", path, w.Code, body)
		}
	}
}

func TestCaching(t *testing.T) {
	t.Parallel()
	h := built(t)
	const kept, asked, never = "public, max-age=31536000, immutable", "no-cache", "no-store"
	for path, want := range map[string]string{
		"/": never, "/index.html": never, "/orders": never,
		"/assets/app-1a2b.js": kept, "/assets/app-1a2b.css": kept, "/assets/_chunk-3c.js": kept,
		"/favicon.svg": asked,
	} {
		w := ask(t, h, http.MethodGet, path)
		if got := w.Header().Get("Cache-Control"); w.Code != http.StatusOK || got != want {
			t.Errorf("%s: %d %q; want %q", path, w.Code, got, want)
		}
		if w.Header().Get("Last-Modified") != "" {
			t.Errorf("%s has a time, which says nothing about a build", path)
		}
	}
	etag := ask(t, h, http.MethodGet, "/favicon.svg").Header().Get("ETag")
	if w := ask(t, h, http.MethodGet, "/favicon.svg", "If-None-Match", etag); etag == "" || w.Code != http.StatusNotModified {
		t.Errorf("with ETag %s: %d", etag, w.Code)
	}
	if w := ask(t, h, http.MethodGet, "/favicon.svg", "If-None-Match", `"another"`); w.Code != http.StatusOK {
		t.Errorf("with another ETag: %d", w.Code)
	}
}

func TestPagesAreConfined(t *testing.T) {
	t.Parallel()
	h := built(t)
	for _, path := range []string{"/", "/orders", "/assets/app-1a2b.js", "/favicon.svg"} {
		header := ask(t, h, http.MethodGet, path).Header()
		policy := header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "connect-src 'self';", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy lacks %s: %s", path, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("%s: the policy has a hole: %s", path, policy)
		}
		if header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s may be sniffed", path)
		}
	}
	for path, want := range map[string]string{"/assets/app-1a2b.js": "javascript", "/assets/app-1a2b.css": "text/css", "/favicon.svg": "image/svg+xml"} {
		if got := ask(t, h, http.MethodGet, path).Header().Get("Content-Type"); !strings.Contains(got, want) {
			t.Errorf("%s is %q; want %s", path, got, want)
		}
	}
}

// TestBuiltPageObeysItsPolicy reads the page that is committed.
func TestBuiltPageObeysItsPolicy(t *testing.T) {
	t.Parallel()
	h, err := Handler()
	if err != nil {
		t.Fatal(err)
	}
	page := ask(t, h, http.MethodGet, "/").Body.String()
	for what, pattern := range map[string]string{
		"an inline script":   `<script(?:>|\s+(?:[^>s]|s[^r])*>)`,
		"an inline style":    `<style|\sstyle=`,
		"an event handler":   `\son[a-z]+=`,
		"a file from afar":   `(?:src|href)="(?:https?:)?//`,
		"a script in a link": `javascript:`,
	} {
		if found := regexp.MustCompile(pattern).FindString(page); found != "" {
			t.Errorf("the page has %s: %s", what, found)
		}
	}
	for _, reference := range regexp.MustCompile(`<(?:script|link)[^>]+(?:src|href)="(/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		if w := ask(t, h, http.MethodGet, reference[1]); w.Code != http.StatusOK {
			t.Errorf("the page wants %s: %d", reference[1], w.Code)
		}
	}
}

func TestHandlerNeedsAPage(t *testing.T) {
	t.Parallel()
	if _, err := serve(fstest.MapFS{"assets/app.js": {}}); err == nil || !strings.Contains(err.Error(), "index.html") {
		t.Errorf("without a page: %v", err)
	}
}
