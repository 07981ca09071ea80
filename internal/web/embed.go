package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"rowcast/internal/transport"
)

// dist is the built application. all: takes files in whose names begin with _ too.
//
//go:embed all:dist
var dist embed.FS

// policy lets a page use what its own origin serves and nothing else; 'self'
// covers WebSockets.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const (
	index = "index.html"
	// hashed is the folder whose files have the hash of their content in their
	// names.
	hashed = "assets/"
)

// Handler serves the built application.
func Handler() (http.Handler, error) {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("open the built pages: %w", err)
	}
	return serve(files)
}

// file is one that may be asked for.
type file struct {
	content []byte
	etag    string
}

type pages map[string]file

// serve reads all files and makes their handler.
func serve(files fs.FS) (http.Handler, error) {
	all := make(pages)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err == nil {
			all[name] = file{content, fmt.Sprintf(`"%x"`, sha256.Sum256(content))}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the built pages: %w", err)
	}
	if _, ok := all[index]; !ok {
		return nil, errors.New("the pages are not built: there is no " + index)
	}
	return all, nil
}

func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		transport.WriteProblem(w, http.StatusMethodNotAllowed, transport.BadRequest, "the path does not take this method")
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	found, ok := p[name]
	if !ok && !strings.Contains(path.Base(name), ".") && !strings.HasPrefix(name, hashed) || name == "" {
		name = index
		found, ok = p[name], true
	}
	if !ok {
		transport.WriteProblem(w, http.StatusNotFound, transport.NotFound, "there is no such file")
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	switch {
	case name == index:
		header.Set("Cache-Control", "no-store")
	case strings.HasPrefix(name, hashed):
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	default:
		header.Set("Cache-Control", "no-cache")
		header.Set("ETag", found.etag)
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(found.content))
}
