package devpg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// fromTemplate fills path with a copy of a cluster that initdb made earlier
// with the same programs. The first server of a machine makes that copy; where
// there is no place for it, every server runs initdb.
func (in installation) fromTemplate(ctx context.Context, path string) error {
	if err := os.MkdirAll(in.cache, 0o755); err != nil { //nolint:gosec // holds nothing secret
		return in.initdb(ctx, path, "--no-sync")
	}
	of := filepath.Join(in.cache, "cluster-"+short(in.bin)+"-")
	template := of + in.full + "-" + short(strings.Join(initdbOptions(), " "))
	lock, err := awaitLock(ctx, template+".lock")
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("wait for the cluster template: %w", err)
		}
		return in.initdb(ctx, path, "--no-sync")
	}
	if _, err := os.Stat(template); err == nil {
		_ = lock.Close() // a template that has its name never changes
		return in.copyTree(ctx, template, path, in.acc)
	}
	defer func() { _ = lock.Close() }()
	if err := in.initdb(ctx, path, "--no-sync"); err != nil {
		return err
	}
	// A template that cannot be kept is made again by the next server.
	next := template + ".new"
	if os.RemoveAll(next) == nil && os.Mkdir(next, 0o700) == nil && in.copyTree(ctx, path, next, nil) == nil &&
		os.Rename(next, template) == nil {
		forget(of, template)
	}
	return nil
}

// forget removes the templates of older versions of the same programs.
func forget(of, current string) {
	others, err := filepath.Glob(of + "*")
	if err != nil {
		return
	}
	for _, path := range others {
		if !strings.HasPrefix(path, current) {
			_ = os.RemoveAll(path)
		}
	}
}

func short(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

func awaitLock(ctx context.Context, path string) (*os.File, error) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		f, err := lockFile(path)
		if !errors.Is(err, errLocked) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// copyTree copies what is in the directory from into the directory to, for
// owner.
func (in installation) copyTree(ctx context.Context, from, to string, owner *account) error {
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == from {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if e.IsDir() {
			err = os.Mkdir(target, 0o700)
		} else {
			err = copyFile(path, target)
		}
		if err != nil {
			return err
		}
		return owner.own(target)
	})
	if err != nil {
		return fmt.Errorf("copy cluster template: %w", err)
	}
	return nil
}

// copyFile lets the kernel copy, which shares the blocks where it can.
func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}
