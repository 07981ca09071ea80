package reference

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed package.json package-lock.json .npmrc server.mjs
var files embed.FS

const (
	script = "server.mjs"
	// dirMode and fileMode let the user alone write.
	dirMode, fileMode = 0o755, 0o644
)

// Installed is the reference on this machine.
type Installed struct {
	// Node is the program, Script what it runs.
	Node, Script string
}

// Install makes sure that the reference is there, below the cache directory, and
// says so if it has to bring it. An empty cache is that of the user.
func Install(ctx context.Context, cache string, say func(line string)) (Installed, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return Installed{}, fmt.Errorf("the reference server needs node 18 or newer, on PATH; install it: %w", err)
	}
	if cache == "" {
		if cache, err = os.UserCacheDir(); err != nil {
			return Installed{}, fmt.Errorf("find the cache for the reference server: %w", err)
		}
	}
	sum := sha256.New()
	for _, name := range names() {
		text, err := files.ReadFile(name)
		if err != nil {
			return Installed{}, err
		}
		sum.Write(text)
	}
	// A version of the files is a directory of its own.
	dir := filepath.Join(cache, "rowcast", "bench-reference", hex.EncodeToString(sum.Sum(nil)[:8]))
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		say("installing the reference server, socket.io and pg, with npm ci into " + dir)
		if err := bring(ctx, dir); err != nil {
			return Installed{}, fmt.Errorf("install the reference server: %w", err)
		}
	}
	return Installed{Node: node, Script: filepath.Join(dir, script)}, nil
}

// names are the files that are installed.
func names() []string { return []string{"package.json", "package-lock.json", ".npmrc", script} }

// bring makes dir with the packages in it, as a whole or not at all.
func bring(ctx context.Context, dir string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("it needs npm the first time, on PATH; install it: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(dir), dirMode); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+".new-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(fresh) }() // renamed by then if all went well
	for _, name := range names() {
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(fresh, name), text, fileMode); err != nil {
			return err
		}
	}
	// No package of the lock has a script that it needs.
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--prefer-offline", "--loglevel=error")
	cmd.Dir = fresh
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w: %s", err, bytes.TrimSpace(out))
	}
	err = os.Rename(fresh, dir)
	if _, there := os.Stat(dir); there == nil {
		return nil // another process may have been faster
	}
	return err
}
