package devpg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"rowcast/internal/demo/devpg/pgbin"
	"rowcast/internal/demo/devpg/proc"
)

// installation is a PostgreSQL on this machine and the user that runs it.
type installation struct {
	pgbin.Installation
	acc   *proc.Account
	cache string // of templates, "" for the user's
}

// cluster makes the data of d if it has none, and checks what it has.
func (in installation) cluster(ctx context.Context, d *directory) error {
	text, err := os.ReadFile(filepath.Join(d.data(), "PG_VERSION"))
	switch {
	case err == nil:
		err = in.adopt(ctx, d, strings.TrimSpace(string(text)))
	case errors.Is(err, fs.ErrNotExist):
		err = in.create(ctx, d)
	default:
		err = fmt.Errorf("read version of the data: %w", err)
	}
	if err != nil {
		return err
	}
	return in.emptyOwned(d.sockets())
}

// adopt checks data made earlier and waits for a server that is on its way out.
func (in installation) adopt(ctx context.Context, d *directory, major string) error {
	if major != strconv.Itoa(in.Major) {
		return fmt.Errorf("data directory %s holds data of PostgreSQL %s, but %s is PostgreSQL %s: set ROWCAST_PG_BINDIR to the programs of PostgreSQL %s or choose another directory",
			d.path, major, in.Dir, in.Version, major)
	}
	if err := os.Chmod(d.data(), 0o700); err != nil {
		return fmt.Errorf("set mode of the data: %w", err)
	}
	return d.awaitEnd(ctx, 15*time.Second)
}

// create makes the data beside its final place, so that what has the final
// name is whole.
func (in installation) create(ctx context.Context, d *directory) error {
	if entries, err := os.ReadDir(d.data()); err == nil && len(entries) > 0 {
		return fmt.Errorf("data directory %s has a directory data without PG_VERSION: move it away or choose another directory", d.path)
	}
	next := d.data() + ".new"
	if err := in.emptyOwned(next); err != nil {
		return err
	}
	if d.Temporary {
		if err := in.fromTemplate(ctx, next); err != nil {
			return err
		}
	} else if err := in.initdb(ctx, next); err != nil {
		return err
	}
	if err := include(next); err != nil {
		return fmt.Errorf("extend postgresql.conf: %w", err)
	}
	if err := os.Rename(next, d.data()); err != nil {
		return fmt.Errorf("name the new data: %w", err)
	}
	d.Postgres = in.Version
	return d.writeMarker()
}

// emptyOwned makes path an empty directory of the account.
func (in installation) emptyOwned(path string) error {
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("clear %s: %w", path, err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	if err := in.acc.Own(path); err != nil {
		return fmt.Errorf("give %s to user %s: %w", path, in.acc.Name, err)
	}
	return nil
}

// initdbOptions are those of every cluster. Every user who reaches the socket, which is
// in a closed directory, is trusted.
func initdbOptions() []string {
	return []string{"--username=postgres", "--encoding=UTF8", "--auth-local=trust", "--auth-host=scram-sha-256"}
}

// initdb fills the directory path with a new cluster.
func (in installation) initdb(ctx context.Context, path string, more ...string) error {
	args := slices.Concat(initdbOptions(), []string{"--pgdata=" + path}, more)
	name := filepath.Join(in.Dir, "initdb")
	_, err := proc.Run(ctx, in.acc, filepath.Dir(path), name, append(args, "--locale=C.UTF-8")...)
	if err != nil && strings.Contains(err.Error(), "invalid locale") {
		_, err = proc.Run(ctx, in.acc, filepath.Dir(path), name, append(args, "--locale=C")...)
	}
	return err
}

// include makes the new cluster read our settings, which are beside the data.
func include(data string) error {
	f, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("\ninclude '../" + settingsName + "'\n")
	return errors.Join(err, f.Close())
}

// awaitEnd waits until no server works on the data any more. A server of a
// process that was killed is shutting down; one that stays is refused.
func (d *directory) awaitEnd(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		n, err := readNote(d.data())
		switch {
		case err != nil || !proc.Alive(n.pid):
			return nil // none, or a note that PostgreSQL itself recognises as stale
		case proc.KnowsCwd && !proc.RunsIn(n.pid, d.data()):
			// The id went to somebody else since the crash; PostgreSQL would
			// take that process for a server and refuse to start.
			return os.Remove(noteFile(d.data()))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("data directory %s is in use by PostgreSQL pid %d: stop it (kill -INT %d) or choose another directory", d.path, n.pid, n.pid)
		case <-tick.C:
		}
	}
}
