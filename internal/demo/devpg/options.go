package devpg

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Options says which server to start. The zero value is a throw-away server on
// a free port of 127.0.0.1, gone with all its data after Close.
type Options struct {
	// Dir is the directory to keep the data in. It must be empty, absent, or
	// one that this package made. Empty means a temporary directory, removed
	// by Close.
	Dir string
	// TempDir is where the directory of a throw-away server is made. Empty
	// means the system's place for temporary files. /tmp serves where the path
	// is too long for a socket or closed to the user that runs PostgreSQL.
	TempDir string
	// BinDir holds initdb and postgres. Empty means to find them.
	BinDir string
	// Log receives what happens; nil discards it.
	Log *slog.Logger
	// NoTCP leaves only the unix socket.
	NoTCP bool
	// Settings are added to the server's configuration and win over the
	// defaults of this package.
	Settings map[string]string
	// Durable makes even a throw-away server write to disk as a real one does.
	// A server with a Dir always does.
	Durable bool

	cache string // where templates and downloads stay; empty means the user's cache
}

func (o Options) check() error {
	// What this package must decide itself.
	reserved := []string{"data_directory", "listen_addresses", "port", "unix_socket_directories"}
	settingName := regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_.]*$`)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(o.Settings)) {
		switch {
		case !settingName.MatchString(name):
			errs = append(errs, fmt.Errorf("%q is no name of a PostgreSQL setting", name))
		case slices.Contains(reserved, strings.ToLower(name)):
			errs = append(errs, fmt.Errorf("setting %q is decided by the launcher and cannot be given", name))
		case strings.ContainsAny(o.Settings[name], "\n\r\x00"):
			errs = append(errs, fmt.Errorf("setting %q holds a line break", name))
		}
	}
	return errors.Join(errs...)
}

// durable reports whether commits have to survive a crash of the machine.
func (o Options) durable() bool { return o.Durable || o.Dir != "" }

// configuration renders the file that postgresql.conf includes last.
func (o Options) configuration(socketDir string, port int) string {
	set := map[string]string{
		"shared_buffers":             "64MB",
		"max_connections":            "100",
		"wal_level":                  "replica",
		"jit":                        "off",
		"timezone":                   "UTC",
		"log_timezone":               "UTC",
		"lc_messages":                "C",
		"log_line_prefix":            "%m [%p] ",
		"dynamic_shared_memory_type": "posix",
		"listen_addresses":           "127.0.0.1",
		"port":                       strconv.Itoa(port),
		"unix_socket_directories":    socketDir,
		"unix_socket_permissions":    "0700",
	}
	if o.NoTCP {
		set["listen_addresses"] = ""
	}
	if !o.durable() {
		set["fsync"] = "off"
		set["synchronous_commit"] = "off"
		set["full_page_writes"] = "off"
		// Files in the data directory: a killed server leaves nothing behind
		// that removing the directory does not take along.
		set["dynamic_shared_memory_type"] = "mmap"
	}
	for name, value := range o.Settings {
		set[strings.ToLower(name)] = value
	}
	var b strings.Builder
	b.WriteString("# Written anew at every start. ALTER SYSTEM wins over this file.\n")
	for _, name := range slices.Sorted(maps.Keys(set)) {
		fmt.Fprintf(&b, "%s = '%s'\n", name, strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(set[name]))
	}
	return b.String()
}
