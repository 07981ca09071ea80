package pgbin

import (
	"context"
	"log/slog"
	"os"

	"rowcast/internal/demo/devpg/proc"
)

// FetchWith looks for binaries on a machine that has nothing but the programs
// in path, and downloads them into cache.
func FetchWith(ctx context.Context, path, cache string) (string, error) {
	acc, err := proc.Unprivileged(os.Geteuid())
	if err != nil {
		return "", err
	}
	env := func(name string) string { return map[string]string{"PATH": path}[name] }
	return finder{acc: acc, log: slog.New(slog.DiscardHandler), env: env, root: cache, cache: cache}.findOrFetch(ctx)
}
