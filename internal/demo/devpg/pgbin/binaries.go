package pgbin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"rowcast/internal/demo/devpg/proc"
)

// ErrNone means that there is no PostgreSQL on this machine; its text says
// what to install.
var ErrNone = errors.New("no PostgreSQL found: install it (Debian, Ubuntu: apt install postgresql; macOS: brew install postgresql), " +
	"or install npm so that they can be downloaded, or set ROWCAST_PG_BINDIR to the directory of initdb and postgres")

// Options say where to look. The zero value looks everywhere.
type Options struct {
	Dir     string        // the directory to use, "" for any
	Cache   string        // of downloads, "" for the usual place
	Account *proc.Account // the user who has to be able to run the programs
	Log     *slog.Logger  // nil discards
}

// Installation is a PostgreSQL on this machine.
type Installation struct {
	Dir     string // of initdb and postgres
	Major   int
	Version string // such as "15.18"
}

// Find returns the directory of initdb and postgres: of the variable
// ROWCAST_PG_BINDIR, of the PATH, as pg_config says, of the usual places, or
// of an earlier download. It downloads nothing.
func Find(ctx context.Context, o Options) (dir string, err error) {
	return newFinder(o).find(ctx)
}

// Get returns a PostgreSQL that runs, downloaded if need be.
func Get(ctx context.Context, o Options) (Installation, error) {
	var dir string
	var err error
	if o.Dir != "" {
		dir, err = checked(o.Dir, "ROWCAST_PG_BINDIR (or the option BinDir)", o.Account)
	} else {
		dir, err = newFinder(o).findOrFetch(ctx)
	}
	if err != nil {
		return Installation{}, err
	}
	return version(ctx, dir, o.Account)
}

// checked insists on dir, because somebody named it.
func checked(dir, by string, acc *proc.Account) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("%s: %w", by, err)
	}
	if !holdsServer(dir) {
		return "", fmt.Errorf("%s names %s, which does not hold initdb and postgres", by, dir)
	}
	if err := acc.CanEnter(dir); err != nil {
		return "", fmt.Errorf("%s: %w", by, err)
	}
	return dir, nil
}

// finder is where to look. root prefixes the usual places.
type finder struct {
	acc   *proc.Account
	log   *slog.Logger
	env   func(string) string
	root  string
	cache string
}

func newFinder(o Options) finder {
	f := finder{acc: o.Account, log: o.Log, env: os.Getenv, root: "/", cache: o.Cache}
	if f.cache == "" {
		f.cache = cacheDir(o.Account)
	}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	return f
}

// findOrFetch downloads what cannot be found, if npm is there to do it.
func (f finder) findOrFetch(ctx context.Context) (string, error) {
	dir, err := f.find(ctx)
	if !errors.Is(err, ErrNone) {
		return dir, err
	}
	npm := f.program("npm")
	if npm == "" {
		return "", err
	}
	return bundle{npm: npm, cache: f.cache, log: f.log}.fetch(ctx, f.acc)
}

func (f finder) find(ctx context.Context) (string, error) {
	if dir := f.env("ROWCAST_PG_BINDIR"); dir != "" {
		return checked(dir, "ROWCAST_PG_BINDIR", f.acc)
	}
	for _, dir := range filepath.SplitList(f.env("PATH")) {
		if filepath.IsAbs(dir) && f.usable(dir) {
			return dir, nil
		}
	}
	if dir := f.fromPgConfig(ctx); dir != "" && f.usable(dir) {
		return dir, nil
	}
	for _, pattern := range []string{
		"usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/libexec/postgresql*",
		"opt/homebrew/opt/postgresql*/bin", "usr/local/opt/postgresql*/bin",
		"Applications/Postgres.app/Contents/Versions/*/bin", "Library/PostgreSQL/*/bin",
		"usr/local/pgsql/bin", "opt/postgresql*/bin", "opt/postgresql/*/bin", "opt/pgsql*/bin",
	} {
		if dir := newest(f.matches(pattern)); dir != "" {
			return dir, nil
		}
	}
	if dir := (bundle{cache: f.cache}).binDir(); f.usable(dir) {
		return dir, nil
	}
	return "", ErrNone
}

func (f finder) usable(dir string) bool { return holdsServer(dir) && f.acc.CanEnter(dir) == nil }

func (f finder) matches(pattern string) []string {
	dirs, err := filepath.Glob(filepath.Join(f.root, pattern))
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(dirs, func(dir string) bool { return !f.usable(dir) })
}

func (f finder) fromPgConfig(ctx context.Context) string {
	name := f.program("pg_config")
	if name == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, "--bindir").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// program returns the path of a program in the PATH, "" if there is none.
func (f finder) program(name string) string {
	for _, dir := range filepath.SplitList(f.env("PATH")) {
		if path := filepath.Join(dir, name); filepath.IsAbs(dir) && executable(path) {
			return path
		}
	}
	return ""
}

var digits = regexp.MustCompile(`\d+`)

// newest returns the directory of the highest major, which is the last number
// in its path ("" if there is none).
func newest(dirs []string) string {
	best, bestMajor := "", -1
	for _, dir := range dirs {
		major := 0
		if n := digits.FindAllString(dir, -1); len(n) > 0 {
			major, _ = strconv.Atoi(n[len(n)-1])
		}
		if major > bestMajor {
			best, bestMajor = dir, major
		}
	}
	return best
}

func holdsServer(dir string) bool {
	return executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "postgres"))
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// version asks the programs for theirs.
func version(ctx context.Context, dir string, acc *proc.Account) (Installation, error) {
	out, err := proc.Run(ctx, acc, "/", filepath.Join(dir, "postgres"), "--version")
	if err != nil {
		return Installation{}, err
	}
	// postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)
	words := strings.Fields(out)
	if len(words) < 3 {
		return Installation{}, fmt.Errorf("read the version from %q", out)
	}
	in := Installation{Dir: dir, Version: words[2]}
	if in.Major, err = strconv.Atoi(digits.FindString(in.Version)); err != nil {
		return Installation{}, fmt.Errorf("read the version from %q: %w", out, err)
	}
	if in.Major < 14 {
		return Installation{}, fmt.Errorf("PostgreSQL in %s is %s; version 14 or newer is needed", dir, in.Version)
	}
	return in, nil
}

// cacheDir is the directory of downloads: the user's, or the machine's when
// the account cannot enter the home of root.
func cacheDir(acc *proc.Account) string {
	dir, err := os.UserCacheDir()
	if err == nil && (acc == nil || acc.CanEnter(proc.Existing(dir)) == nil) {
		return filepath.Join(dir, "rowcast")
	}
	if runtime.GOOS == "darwin" {
		return "/Library/Caches/rowcast"
	}
	return "/var/cache/rowcast"
}
