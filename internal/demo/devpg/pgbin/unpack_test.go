package pgbin

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tarball writes files (name, text) as npm packs them.
func tarball(t *testing.T, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	w := tar.NewWriter(zip)
	for i := 0; i < len(files); i += 2 {
		head := &tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1])), Typeflag: tar.TypeReg}
		if err := w.WriteHeader(head); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "package.tgz")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	err := unpack(tarball(t,
		"package/native/bin/postgres", "program",
		"package/native/lib/libpq.so.5.17", "library",
		"package/native/pg-symlinks.json", `[{"source":"native/lib/libpq.so.5.17","target":"native/lib/libpq.so"}]`,
	), dir)
	if err != nil {
		t.Fatal(err)
	}
	if !executable(filepath.Join(dir, "native/bin/postgres")) {
		t.Error("the program is not executable")
	}
	if text, err := os.ReadFile(filepath.Join(dir, "native/lib/libpq.so")); err != nil || string(text) != "library" {
		t.Errorf("the link leads to %q, %v", text, err)
	}
	if to, err := os.Readlink(filepath.Join(dir, "native/lib/libpq.so")); err != nil || to != "libpq.so.5.17" {
		t.Errorf("the link is to %q, %v, want a name that moves along", to, err)
	}
}

func TestUnpackStaysInside(t *testing.T) {
	t.Parallel()
	for name, files := range map[string][]string{
		"file above":      {"package/../../outside", "x"},
		"link above":      {"package/native/pg-symlinks.json", `[{"source":"native/lib/a","target":"../outside"}]`},
		"link to above":   {"package/native/pg-symlinks.json", `[{"source":"../../etc/passwd","target":"native/outside"}]`},
		"link to root":    {"package/native/pg-symlinks.json", `[{"source":"/etc/passwd","target":"native/outside"}]`},
		"file twice":      {"package/a", "x", "package/a", "y"},
		"damaged listing": {"package/native/pg-symlinks.json", `{`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			dir := filepath.Join(parent, "dir")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := unpack(tarball(t, files...), dir); err == nil {
				t.Error("unpacked")
			}
			if entries, err := os.ReadDir(parent); err != nil || len(entries) != 1 {
				t.Errorf("beside the directory there is %v, %v", entries, err)
			}
			if _, err := os.Lstat(filepath.Join(dir, "native", "outside")); err == nil {
				t.Error("there is a link to the outside")
			}
		})
	}
}

func TestVerifyRefusesAnotherTarball(t *testing.T) {
	t.Parallel()
	_, sum, err := bundlePackage("linux", "amd64")
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(tarball(t, "package/a", "x"), sum); err == nil || !strings.Contains(err.Error(), "not the package that was published") {
		t.Errorf("another tarball answers %v", err)
	}
}
