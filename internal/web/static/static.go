package static

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"rowcast/internal/transport"
)

// Files are files by their names, with slashes.
type Files map[string]File

// File is one that may be asked for.
type File struct {
	Content []byte
	etag    string
}

// New makes a file of its content.
func New(content []byte) File { return File{content, fmt.Sprintf(`"%x"`, sha256.Sum256(content))} }

// Read reads all files of a tree.
func Read(tree fs.FS) (Files, error) {
	all := Files{}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(tree, name)
		all[name] = New(content)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the built files: %w", err)
	}
	return all, nil
}

// Kept says for how long a browser keeps a file.
type Kept string

const (
	// Never says that it is asked for each time.
	Never Kept = "no-store"
	// WhileSame says that it is asked for each time, and sent if it has changed.
	WhileSame Kept = "no-cache"
	// Always is for a name that has the hash of the content.
	Always Kept = "public, max-age=31536000, immutable"
)

// Serve answers with the file of a name.
func (f Files) Serve(w http.ResponseWriter, r *http.Request, name string, kept Kept) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		transport.WriteProblem(w, http.StatusMethodNotAllowed, transport.BadRequest, "the path does not take this method")
		return
	}
	found, ok := f[name]
	if !ok {
		transport.WriteProblem(w, http.StatusNotFound, transport.NotFound, "there is no such file")
		return
	}
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", string(kept))
	if kept == WhileSame {
		header.Set("ETag", found.etag)
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(found.Content))
}
