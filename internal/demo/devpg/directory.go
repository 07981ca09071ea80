package devpg

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"rowcast/internal/demo/devpg/proc"
)

const (
	markerName = "rowcast.json"
	lockName   = "rowcast.lock"
	tempPrefix = "rowcast-pg-"
	// socketRoom is how long a directory of sockets may be: the shortest
	// sun_path of a supported system, less its final NUL and the name.
	socketRoom = 104 - 1 - len("/.s.PGSQL.65535")
)

// markerKind distinguishes our marker from any other file of its name.
const markerKind = "rowcast private postgres"

// marker is the file that makes a directory ours.
type marker struct {
	Kind      string `json:"kind"`
	Postgres  string `json:"postgres"` // version that made the data
	Port      int    `json:"port,omitempty"`
	Password  string `json:"password"`
	Temporary bool   `json:"temporary,omitempty"`
}

// directory is the place of one server. It is ours; only data and the socket
// directory belong to the account.
type directory struct {
	path string
	lock *os.File
	marker
}

func (d *directory) data() string       { return filepath.Join(d.path, "data") }
func (d *directory) sockets() string    { return filepath.Join(d.path, "run") }
func (d *directory) settings() string   { return filepath.Join(d.path, settingsName) }
func (d *directory) logFile() string    { return filepath.Join(d.path, "postgres.log") }
func (d *directory) markerFile() string { return filepath.Join(d.path, markerName) }

// temporaryDirectory makes a new directory with a name short enough for
// sockets, and sweeps those that killed processes left behind.
func temporaryDirectory(base string, acc *proc.Account) (*directory, error) {
	if base == "" {
		base = os.TempDir()
	}
	base, err := filepath.EvalSymlinks(base)
	if err != nil || len(base)+len("/"+tempPrefix+"4294967295/run") > socketRoom || acc.CanEnter(base) != nil {
		base = "/tmp"
	}
	sweep(base)
	path, err := os.MkdirTemp(base, tempPrefix)
	if err != nil {
		return nil, fmt.Errorf("make a temporary directory: %w", err)
	}
	d := &directory{path: path, marker: marker{Temporary: true}}
	if err := d.take(acc); err != nil {
		return nil, errors.Join(err, os.RemoveAll(path))
	}
	return d, nil
}

// keptDirectory opens or makes the directory of a server whose data stays. It
// touches nothing in a directory that is not ours.
func keptDirectory(path string, acc *proc.Account) (*directory, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	switch ours, err := recognise(path); {
	case err != nil:
		return nil, fmt.Errorf("data directory: %w", err)
	case !ours:
		return nil, fmt.Errorf("data directory %s is not empty and was not made by rowcast (it has no %s of ours): choose another or an empty one", path, markerName)
	}
	if err := acc.CanEnter(proc.Existing(filepath.Dir(path))); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	d := &directory{path: path}
	if err := d.take(acc); err != nil {
		return nil, err
	}
	return d, nil
}

// recognise reports whether path is absent, empty or marked.
func recognise(path string) (bool, error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	free := true
	for _, e := range entries {
		if e.Name() == markerName {
			d := &directory{path: path}
			return d.readMarker() == nil && d.Kind == markerKind, nil
		}
		free = free && e.Name() == lockName // of another process, about to mark it
	}
	return free, nil
}

// take locks the directory, reads its marker and sets the access rights.
func (d *directory) take(acc *proc.Account) (err error) {
	if d.lock, err = proc.Lock(filepath.Join(d.path, lockName)); err != nil {
		if errors.Is(err, proc.ErrLocked) {
			return d.inUse()
		}
		return fmt.Errorf("lock data directory: %w", err)
	}
	defer func() {
		if err != nil {
			d.release()
		}
	}()
	if err := d.readMarker(); err != nil {
		return err
	}
	// The marker first: from here on the directory is ours even if we die.
	if err := d.writeMarker(); err != nil {
		return err
	}
	mode := fs.FileMode(0o700)
	if acc != nil {
		mode = 0o711 // let the account pass to what is its own
	}
	if err := os.Chmod(d.path, mode); err != nil {
		return fmt.Errorf("set mode of data directory: %w", err)
	}
	if err := acc.CanEnter(d.path); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	return nil
}

func (d *directory) readMarker() error {
	text, err := os.ReadFile(d.markerFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read marker of data directory: %w", err)
	}
	if err := json.Unmarshal(text, &d.marker); err != nil {
		return fmt.Errorf("read %s: %w", d.markerFile(), err)
	}
	return nil
}

func (d *directory) writeMarker() error {
	d.Kind = markerKind
	text, err := json.MarshalIndent(d.marker, "", "  ")
	if err != nil {
		return fmt.Errorf("encode marker: %w", err)
	}
	next := d.markerFile() + ".new"
	if err := writeSynced(next, append(text, '\n')); err != nil {
		return fmt.Errorf("write marker: %w", err)
	}
	if err := os.Rename(next, d.markerFile()); err != nil {
		return fmt.Errorf("write marker: %w", err)
	}
	return nil
}

func writeSynced(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// inUse names the process that holds the lock and its server.
func (d *directory) inUse() error {
	who := "another process"
	if text, err := os.ReadFile(filepath.Join(d.path, lockName)); err == nil {
		if pid := strings.TrimSpace(string(text)); pid != "" {
			who = "rowcast process " + pid
		}
	}
	if n, err := readNote(d.data()); err == nil {
		who += fmt.Sprintf(" (PostgreSQL pid %d)", n.pid)
	}
	return fmt.Errorf("data directory %s is in use by %s: stop it or choose another directory", d.path, who)
}

// release gives up the lock.
func (d *directory) release() {
	if d.lock != nil {
		_ = d.lock.Close()
		d.lock = nil
	}
}
