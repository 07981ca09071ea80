package instructions

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/demo/devpg/proc"
)

// counter counts one kind of statement on one table.
type counter struct {
	server   *devpg.Server
	valgrind string
	statement
	table string
	// logged is how many changes are in the log before.
	logged int
}

// perStatement is the figure, without start and end of the program.
func (c counter) perStatement(ctx context.Context) (float64, error) {
	few, err := c.all(ctx, warmUp)
	if err != nil {
		return 0, err
	}
	many, err := c.all(ctx, warmUp+counted)
	if err != nil {
		return 0, err
	}
	return (many - few) / counted, nil
}

// all counts the instructions of a session that runs n statements, on a copy of
// the data.
func (c counter) all(ctx context.Context, n int) (instructions float64, err error) {
	data, err := c.server.Copy(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	// No settings of the user's, and no files but the copy.
	printed, err := data.Run(ctx, "postgres", c.script(c.table, n),
		c.valgrind, "--command-line-only=yes", "--vgdb=no", "--tool=callgrind", "--callgrind-out-file=/dev/null")
	if err != nil {
		return 0, fmt.Errorf("%s of table %s: %w", c.name, c.table, err)
	}
	if err := c.checked(ctx, data, n); err != nil {
		return 0, fmt.Errorf("%s of table %s: %w; the session ended with:\n%s", c.name, c.table, err, proc.LastLines(printed))
	}
	return collected(printed)
}

// checked compares the copy with what n statements do.
func (c counter) checked(ctx context.Context, data *devpg.Copy, n int) error {
	printed, err := data.Run(ctx, "postgres", []string{check(c.table)})
	if err != nil {
		return err
	}
	got, err := factsOf(printed)
	if err != nil {
		return err
	}
	want := facts{changed: n, logged: c.logged}
	if c.table == c.watched {
		want.logged += n
	}
	if got != want {
		return fmt.Errorf("%d statements changed %d rows and left %d changes in the log; want %d and %d", n, got.changed, got.logged, want.changed, want.logged)
	}
	return nil
}

// facts are what check.sql asks for.
type facts struct{ changed, logged int }

// factsOf finds the facts in what was printed.
func factsOf(printed string) (facts, error) {
	found := regexp.MustCompile(`changed (\d+), logged (\d+)`).FindStringSubmatch(printed)
	if found == nil {
		return facts{}, fmt.Errorf("no facts in what was printed:\n%s", proc.LastLines(printed))
	}
	changed, err := strconv.Atoi(found[1])
	logged, err2 := strconv.Atoi(found[2])
	return facts{changed, logged}, errors.Join(err, err2)
}

// collected is the sum that callgrind prints at its end.
func collected(printed string) (float64, error) {
	found := regexp.MustCompile(`(?m)^==\d+== Collected : (\d+)`).FindStringSubmatch(printed)
	if found == nil {
		return 0, fmt.Errorf("valgrind counted nothing; it ended with:\n%s", proc.LastLines(printed))
	}
	return strconv.ParseFloat(found[1], 64)
}
