package pgbin

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// machine makes a directory tree to look for binaries in. A name that ends in
// a program is an executable file.
func machine(t *testing.T, files ...string) finder {
	t.Helper()
	root := t.TempDir()
	for _, name := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		text := "#!/bin/sh\necho " + filepath.Join(root, "from/pg_config") + "\n"
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path := strings.Join([]string{"relative", filepath.Join(root, "bin"), filepath.Join(root, "sbin")}, string(os.PathListSeparator))
	return finder{
		root:  root,
		cache: filepath.Join(root, "cache"),
		env:   func(name string) string { return map[string]string{"PATH": path}[name] },
	}
}

func both(dirs ...string) []string {
	var files []string
	for _, dir := range dirs {
		files = append(files, dir+"/initdb", dir+"/postgres")
	}
	return files
}

func TestFindOrder(t *testing.T) {
	t.Parallel()
	bundled := "cache/postgres-" + bundleVersion + "/native/bin"
	// Each place wins over those after it.
	folders := []struct{ dir, also string }{
		{"sbin", ""},
		{"from/pg_config", "bin/pg_config"},
		{"usr/lib/postgresql/16/bin", ""},
		{"usr/pgsql-15/bin", ""},
		{"opt/homebrew/opt/postgresql@14/bin", ""},
		{"usr/local/pgsql/bin", ""},
		{"opt/postgresql/bin", ""},
		{bundled, ""},
	}
	for i, folder := range folders {
		var files []string
		for _, p := range folders[i:] {
			files = append(files, both(p.dir)...)
			if p.also != "" {
				files = append(files, p.also)
			}
		}
		f := machine(t, files...)
		got, err := f.find(t.Context())
		if want := filepath.Join(f.root, folder.dir); err != nil || got != want {
			t.Errorf("found %s, %v; want %s", got, err, want)
		}
	}
}

func TestFindTakesTheNewestMajor(t *testing.T) {
	t.Parallel()
	f := machine(t, both("usr/lib/postgresql/9.6/bin", "usr/lib/postgresql/15/bin", "usr/lib/postgresql/16/bin", "usr/lib/postgresql/14/bin")...)
	got, err := f.find(t.Context())
	if want := filepath.Join(f.root, "usr/lib/postgresql/16/bin"); err != nil || got != want {
		t.Errorf("found %s, %v; want %s", got, err, want)
	}
}

func TestFindNeedsBothPrograms(t *testing.T) {
	t.Parallel()
	f := machine(t, "bin/postgres", "sbin/initdb", "usr/local/pgsql/bin/postgres", "bin/pg_config")
	_, err := f.find(t.Context())
	if !errors.Is(err, ErrNone) {
		t.Errorf("error is %v, want ErrNone", err)
	}
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("the advice is more than a line: %v", err)
	}
}

func TestNamedDirectoryIsInsistedOn(t *testing.T) {
	t.Parallel()
	f := machine(t, both("bin", "mine")...)
	named := filepath.Join(f.root, "mine")
	f.env = func(string) string { return named }
	if got, err := f.find(t.Context()); err != nil || got != named {
		t.Errorf("found %s, %v; want %s", got, err, named)
	}
	if err := os.Remove(filepath.Join(named, "initdb")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.find(t.Context()); err == nil || !strings.Contains(err.Error(), "ROWCAST_PG_BINDIR names "+named) {
		t.Errorf("error is %v, want the variable and the directory", err)
	}
}
