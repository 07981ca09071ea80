package client

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"rowcast/internal/web/static"
)

// built is the package: what npm takes.
//
//go:embed package.json README.md all:dist
var built embed.FS

const (
	// Prefix begins the paths.
	Prefix = "/client/"
	// tarball is the name of the package.
	tarball = "rowcast.tgz"
	// parts is the folder whose files have the hash of their content in their names.
	parts = "parts/"
)

// Handler serves the client.
func Handler() (http.Handler, error) {
	dist, err := fs.Sub(built, "dist")
	if err != nil {
		return nil, fmt.Errorf("open the built client: %w", err)
	}
	files, err := static.Read(dist)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what was being done
	}
	packed, err := pack(built)
	if err != nil {
		return nil, fmt.Errorf("pack the client: %w", err)
	}
	files[tarball] = static.New(packed)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, Prefix)
		kept := static.WhileSame
		switch {
		case strings.HasPrefix(name, parts):
			kept = static.Always
		case name == tarball: // else it would go by the type of this system
			w.Header().Set("Content-Type", "application/gzip")
		case strings.HasSuffix(name, ".d.ts"): // and this be a film
			w.Header().Set("Content-Type", "application/typescript; charset=utf-8")
		}
		files.Serve(w, r, name, kept)
	}), nil
}
