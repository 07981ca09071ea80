package devpg

import (
	"context"
	"os"
)

// Internals that tests of a running server look at.
var (
	RunsIn     = runsIn
	LeftMemory = leftMemory
	Sweep      = sweep
)

// WithCache has templates and downloads go to dir.
func (o Options) WithCache(dir string) Options {
	o.cache = dir
	return o
}

// FetchWith looks for binaries on a machine that has nothing but the programs
// in path, and downloads them into cache.
func FetchWith(ctx context.Context, path, cache string) (string, error) {
	acc, err := serverAccount(os.Geteuid())
	if err != nil {
		return "", err
	}
	env := func(name string) string { return map[string]string{"PATH": path}[name] }
	return finder{acc: acc, env: env, root: cache, cache: cache}.findOrFetch(ctx, logger(nil))
}
