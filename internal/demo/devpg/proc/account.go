package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// Account is the unprivileged user that PostgreSQL runs as when we are root,
// because PostgreSQL refuses to run as root. A nil Account means ourselves.
type Account struct {
	Name     string
	UID, GID int
}

// Unprivileged returns nil unless euid is root.
func Unprivileged(euid int) (*Account, error) {
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
		return &Account{Name: name, UID: uid, GID: gid}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root and there is neither a user postgres nor nobody: run as an ordinary user")
}

// Own gives path to the account.
func (a *Account) Own(path string) error {
	if a == nil {
		return nil
	}
	return os.Lchown(path, a.UID, a.GID)
}

// explain adds what a refusal to run as the account is about.
func (a *Account) explain(err error) error {
	if a == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return fmt.Errorf("as user %s, because PostgreSQL refuses to run as root: %w", a.Name, err)
}

// CanEnter reports whether the account gets into dir and each directory above
// it, and names the first that is closed to it.
func (a *Account) CanEnter(dir string) error {
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
				a.Name, d, info.Mode().Perm(), dir)
		}
		if d == filepath.Dir(d) {
			return nil
		}
	}
}

func (a *Account) maySearch(info fs.FileInfo) bool {
	uid, gid, known := Owner(info)
	bit := fs.FileMode(0o001)
	switch {
	case known && uid == a.UID:
		bit = 0o100
	case known && gid == a.GID:
		bit = 0o010
	}
	return info.Mode()&bit != 0
}

// Existing returns the nearest directory at or above dir that is there.
func Existing(dir string) string {
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	return dir
}
