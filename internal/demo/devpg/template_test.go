package devpg_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

// wrapped makes a directory of programs whose initdb counts its runs.
func wrapped(t *testing.T) (bin string, runs func() int) {
	t.Helper()
	real, err := devpg.FindBinaries()
	if err != nil {
		t.Fatal(err)
	}
	bin = pgtest.Dir(t)
	count := filepath.Join(bin, "count")
	if err := os.WriteFile(count, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(count, 0o666); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\necho run >>" + count + "\nexec " + filepath.Join(real, "initdb") + ` "$@"` + "\n"
	if err := os.WriteFile(filepath.Join(bin, "initdb"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(real, "postgres"), filepath.Join(bin, "postgres")); err != nil {
		t.Fatal(err)
	}
	return bin, func() int {
		text, err := os.ReadFile(count)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(text), "run")
	}
}

func TestServersShareOneTemplate(t *testing.T) {
	t.Parallel()
	bin, runs := wrapped(t)
	cache := t.TempDir() // only we read templates
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			o := devpg.Options{NoTCP: true, BinDir: bin}.WithCache(cache)
			pg, err := devpg.Start(t.Context(), o)
			if err != nil {
				t.Error(err)
				return
			}
			if err := try(t, pg.DSN("postgres"), "create table mine as select 1"); err != nil {
				t.Error(err)
			}
			if err := pg.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := runs(); n != 1 {
		t.Errorf("initdb ran %d times for four servers, want once", n)
	}
	// What is kept has a history of its own.
	kept := pgtest.Own(t, devpg.Options{NoTCP: true, BinDir: bin, Dir: filepath.Join(pgtest.Dir(t), "data")}.WithCache(cache))
	if n := runs(); n != 2 {
		t.Errorf("initdb ran %d times after a start with a Dir, want twice", n)
	}
	of := "select system_identifier::text from pg_control_system()"
	throwAway := pgtest.Own(t, devpg.Options{NoTCP: true, BinDir: bin}.WithCache(cache))
	if query(t, kept.DSN("postgres"), of) == query(t, throwAway.DSN("postgres"), of) {
		t.Error("kept data is a copy of the template")
	}
}

func TestNoRoomForTemplates(t *testing.T) {
	t.Parallel()
	bin, runs := wrapped(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	pg := pgtest.Own(t, devpg.Options{NoTCP: true, BinDir: bin}.WithCache(file))
	if got := query(t, pg.DSN("postgres"), "select 'here'"); got != "here" || runs() != 1 {
		t.Errorf("answer is %q after %d runs of initdb", got, runs())
	}
}
