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
	lock   = "package-lock.json"
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
	versions, err := files.ReadFile(lock)
	if err != nil {
		return Installed{}, err
	}
	source, err := files.ReadFile(script)
	if err != nil {
		return Installed{}, err
	}
	dir := filepath.Join(cache, "rowcast", "bench-reference", hash(versions))
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		say("installing the reference server, socket.io and pg, with npm ci into " + dir)
		if err := bring(ctx, dir); err != nil {
			return Installed{}, fmt.Errorf("install the reference server: %w", err)
		}
	}
	// It lies beside the packages that it imports, one for each version of it.
	at := filepath.Join(dir, "server-"+hash(source)+".mjs")
	if err := writeFile(at, source); err != nil {
		return Installed{}, fmt.Errorf("install the reference server: %w", err)
	}
	return Installed{Node: node, Script: at}, nil
}

// hash names a version of a file.
func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

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
	for _, name := range []string{"package.json", lock, ".npmrc"} {
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

// writeFile writes a file that is not there, as a whole.
func writeFile(at string, text []byte) error {
	if _, err := os.Stat(at); err == nil {
		return nil
	}
	fresh, err := os.CreateTemp(filepath.Dir(at), ".server-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(fresh.Name()) }() // renamed by then if all went well
	_, err = fresh.Write(text)
	if err = errors.Join(err, fresh.Close()); err != nil {
		return err
	}
	return os.Rename(fresh.Name(), at)
}
