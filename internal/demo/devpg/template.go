package devpg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"rowcast/internal/demo/devpg/proc"
)

// fromTemplate fills path with a copy of a cluster that initdb made earlier
// with the same programs. The first server of a machine makes that copy; where
// there is no place for it, every server runs initdb.
func (in installation) fromTemplate(ctx context.Context, path string) error {
	cache, err := in.templates()
	if err != nil {
		return in.initdb(ctx, path, "--no-sync")
	}
	of := filepath.Join(cache, "cluster-"+short(in.Dir)+"-")
	template := of + in.Version + "-" + short(strings.Join(initdbOptions(), " "))
	lock, err := proc.AwaitLock(ctx, template+".lock")
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("wait for the cluster template: %w", err)
		}
		return in.initdb(ctx, path, "--no-sync")
	}
	if _, err := os.Stat(template); err == nil {
		_ = lock.Close() // a template that has its name never changes
		return proc.CopyTree(ctx, template, path, in.acc)
	}
	defer func() { _ = lock.Close() }()
	if err := in.initdb(ctx, path, "--no-sync"); err != nil {
		return err
	}
	// A template that cannot be kept is made again by the next server.
	next := template + ".new"
	if os.RemoveAll(next) == nil && os.Mkdir(next, 0o700) == nil && proc.CopyTree(ctx, path, next, nil) == nil &&
		os.Rename(next, template) == nil {
		forget(of, template)
	}
	return nil
}

// templates makes the directory of templates, which only we read.
func (in installation) templates() (string, error) {
	cache := in.cache
	if cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		cache = filepath.Join(base, "rowcast")
	}
	return cache, os.MkdirAll(cache, 0o755)
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
