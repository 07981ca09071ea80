package devpg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// account is the unprivileged user that PostgreSQL runs as when we are root,
// because PostgreSQL refuses to run as root. A nil account means ourselves.
type account struct {
	name     string
	uid, gid int
}

// serverAccount answers nil unless euid is root.
func serverAccount(euid int) (*account, error) {
	if euid != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("read ids of user %s: %w", name, err)
		}
		return &account{name: name, uid: uid, gid: gid}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root and there is neither a user postgres nor nobody: run as an ordinary user")
}

// own gives path to the account.
func (a *account) own(path string) error {
	if a == nil {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// explain adds what a refusal to run as the account is about.
func (a *account) explain(err error) error {
	if a == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return fmt.Errorf("as user %s, because PostgreSQL refuses to run as root: %w", a.name, err)
}

// canEnter reports whether the account gets into dir and each directory above
// it, and names the first that is closed to it.
func (a *account) canEnter(dir string) error {
	if a == nil {
		return nil
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	for d := real; ; d = filepath.Dir(d) {
		info, err := os.Stat(d)
		if err != nil {
			return err
		}
		if !a.maySearch(info) {
			return fmt.Errorf("user %s, which runs PostgreSQL because root may not, cannot enter %s (mode %04o) on the way to %s: choose a directory that is open to it or run as an ordinary user",
				a.name, d, info.Mode().Perm(), dir)
		}
		if d == filepath.Dir(d) {
			return nil
		}
	}
}

func (a *account) maySearch(info fs.FileInfo) bool {
	uid, gid, known := ownerOf(info)
	bit := fs.FileMode(0o001)
	switch {
	case known && uid == a.uid:
		bit = 0o100
	case known && gid == a.gid:
		bit = 0o010
	}
	return info.Mode()&bit != 0
}
