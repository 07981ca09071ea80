package instructions

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"rowcast/internal/bench"
	"rowcast/internal/demo/devpg"
	"rowcast/internal/demo/devpg/proc"
)

const (
	// counted is how many statements of a kind the figure is the mean of.
	counted = 100
	// warmUp is how many come before: the session fills its caches and settles
	// on plans.
	warmUp = 50
	// none leaves the count out.
	none = "none"
)

// statement is a kind of statement that changes one row.
type statement struct {
	name string
	// plain and watched are tables of the same rows, without triggers and with those of
	// Rowcast.
	plain, watched string
	// most is how many more instructions it may take with triggers than
	// without; 0 is no bar.
	most int
	// text is the i-th of its kind on a table, from 1.
	text func(table string, i int) string
}

func statements() []statement {
	return []statement{
		{"insert", "plain", "docs", 252_000, func(table string, i int) string {
			return fmt.Sprintf("insert into %s values (%d, 'T', 'hello')", table, 100_000+i)
		}},
		{"update", "plain", "docs", 330_000, func(table string, i int) string {
			return fmt.Sprintf("update %s set body = 'hello%d' where id = %d", table, i, i)
		}},
		{"delete", "plain", "docs", 252_000, func(table string, i int) string {
			return fmt.Sprintf("delete from %s where id = %d", table, i)
		}},
		{"upsert", "plain", "docs", 0, func(table string, i int) string {
			return fmt.Sprintf("insert into %s values (%d, 'T', 'hello') on conflict (id) do update set body = excluded.body", table, i)
		}},
		{"excluded", "plain_secrets", "secrets", 0, func(table string, i int) string {
			return fmt.Sprintf("insert into %s values (%d, 'T', 'hello', 'glad')", table, 100_000+i)
		}},
	}
}

// Settings are what a user chooses.
type Settings struct {
	// Statements are the kinds to count; "none" counts none.
	Statements []string
}

// Bind makes flags of the settings, with their defaults.
func (s *Settings) Bind(flags *pflag.FlagSet) {
	flags.StringSliceVar(&s.Statements, "instructions", names(),
		"statements whose instructions valgrind counts, comma-separated, or none; excluded inserts beside an excluded column")
}

// Check refuses settings that cannot be measured.
func (s Settings) Check() (err error) {
	for _, name := range s.Statements {
		err = errors.Join(err, bench.OneOf("instructions", name, append(names(), none)...))
	}
	return err
}

// kinds are the statements that were asked for.
func (s Settings) kinds() []statement {
	return slices.DeleteFunc(statements(), func(k statement) bool { return !slices.Contains(s.Statements, k.name) })
}

// Steps is how many a run has.
func (s Settings) Steps() int { return 2 * len(s.kinds()) }

func names() (all []string) {
	for _, s := range statements() {
		all = append(all, s.name)
	}
	return all
}

// counter counts one kind of statement on one table.
type counter struct {
	statement
	server   *devpg.Server
	valgrind string
	table    string
	// logged is how many changes are in the log before.
	logged int
}

// script is a number of statements, none of which changes a row twice.
func (c counter) script(n int) []string {
	script := make([]string, n)
	for i := range script {
		script[i] = c.text(c.table, i+1)
	}
	return script
}

// perStatement is the figure, without start and end of the program.
func (c counter) perStatement(ctx context.Context) (float64, error) {
	few, err := c.all(ctx, warmUp)
	many, err2 := c.all(ctx, warmUp+counted)
	if err := errors.Join(err, err2); err != nil {
		return 0, fmt.Errorf("%s of table %s: %w", c.name, c.table, err)
	}
	return float64(many-few) / counted, nil
}

// all counts the instructions of a session that runs n statements, on a copy of
// the data.
func (c counter) all(ctx context.Context, n int) (instructions int, err error) {
	data, err := c.server.Copy(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	// No settings of the user's, and no files but the copy.
	printed, err := data.Run(ctx, "postgres", c.script(n),
		c.valgrind, "--command-line-only=yes", "--vgdb=no", "--tool=callgrind", "--callgrind-out-file=/dev/null")
	if err != nil {
		return 0, err
	}
	if err := c.checked(ctx, data, n); err != nil {
		return 0, fmt.Errorf("%w; the session ended with:\n%s", err, proc.LastLines(printed))
	}
	sum, err := numbers(printed, `(?m)^==\d+== Collected : (\d+)`)
	if err != nil {
		return 0, fmt.Errorf("valgrind counted nothing: %w", err)
	}
	return sum[0], nil
}

// checked compares the copy with what n statements do.
func (c counter) checked(ctx context.Context, data *devpg.Copy, n int) error {
	printed, err := data.Run(ctx, "postgres", []string{check(c.table)})
	if err != nil {
		return err
	}
	got, err := numbers(printed, facts)
	if err != nil {
		return err
	}
	logged := c.logged
	if c.table == c.watched {
		logged += n
	}
	if got[0] != n || got[1] != logged {
		return fmt.Errorf("%d statements changed %d rows and left %d changes in the log; want %d and %d", n, got[0], got[1], n, logged)
	}
	return nil
}

// facts are what check.sql asks for: rows changed, and changes in the log.
const facts = `changed (\d+), logged (\d+)`

// check is the query for the facts of a table, on one line and without comment,
// as a session without a server reads it.
func check(table string) string {
	_, query, _ := strings.Cut(checkSQL, "\nselect ")
	return "select " + strings.Join(strings.Fields(strings.ReplaceAll(query, "{table}", table)), " ")
}

// numbers finds those of a pattern in what was printed.
func numbers(printed, pattern string) (all []int, err error) {
	found := regexp.MustCompile(pattern).FindStringSubmatch(printed)
	if found == nil {
		return nil, fmt.Errorf("no %q in what was printed:\n%s", pattern, proc.LastLines(printed))
	}
	all = make([]int, len(found)-1)
	for i := range all {
		if all[i], err = strconv.Atoi(found[i+1]); err != nil {
			return nil, err
		}
	}
	return all, nil
}
