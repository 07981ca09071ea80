package web

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"rowcast/internal/web/static"
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

type pages static.Files

// serve reads all files and makes their handler.
func serve(tree fs.FS) (http.Handler, error) {
	files, err := static.Read(tree)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was being done
	}
	if _, ok := files[index]; !ok {
		return nil, errors.New("the pages are not built: there is no " + index)
	}
	return pages(files), nil
}

func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if _, ok := p[name]; !ok && !strings.Contains(path.Base(name), ".") && !strings.HasPrefix(name, hashed) || name == "" {
		name = index
	}
	kept := static.WhileSame
	switch {
	case name == index:
		kept = static.Never
	case strings.HasPrefix(name, hashed):
		kept = static.Always
	}
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	static.Files(p).Serve(w, r, name, kept)
}
