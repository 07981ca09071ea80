package script

import (
	"bytes"
	"embed"
	"fmt"
	"net/http"
	"path"
	"time"
)

// Version is that of the npm package.
const Version = "4.8.4"

//go:embed *.js
var files embed.FS

// Handler serves the files.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	content, err := files.ReadFile(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/javascript; charset=utf-8")
	header.Set("Cache-Control", "public, max-age=0")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("ETag", fmt.Sprintf(`"%s"`, Version))
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}
