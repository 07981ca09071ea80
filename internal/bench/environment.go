package bench

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/procfs"
)

// Environment is where a benchmark ran.
type Environment struct {
	// CPU is the model, empty if it is unknown.
	CPU string `json:"cpu"`
	// Cores is how many this process may use.
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	Go    string `json:"go"`
	// Rowcast is the version of the program.
	Rowcast string `json:"rowcast"`
	// PostgreSQL is its version, empty if none took part.
	PostgreSQL string `json:"postgresql,omitempty"`
	// Settings are those of PostgreSQL that decide the figures.
	Settings []Setting `json:"settings,omitempty"`
}

// Setting is a setting of PostgreSQL and its value.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Machine describes this machine and the program of the given version.
func Machine(version string) Environment {
	e := Environment{
		Cores: runtime.GOMAXPROCS(0), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Rowcast: version,
	}
	if fs, err := procfs.NewDefaultFS(); err == nil {
		if all, err := fs.CPUInfo(); err == nil && len(all) > 0 {
			e.CPU = all[0].ModelName
		}
	}
	return e
}

// settingsQuery asks for the settings that decide what a commit costs.
const settingsQuery = `select s.name, current_setting(s.name)
from pg_settings s
where s.name = any (array['fsync', 'synchronous_commit', 'full_page_writes', 'commit_delay', 'commit_siblings', 'shared_buffers',
    'wal_level', 'wal_sync_method', 'max_wal_size', 'max_connections', 'autovacuum', 'jit'])
order by s.name`

// Describe adds the server that conn leads to, with the settings of that
// session.
func (e *Environment) Describe(ctx context.Context, conn *pgx.Conn) error {
	if err := conn.QueryRow(ctx, "select current_setting('server_version')").Scan(&e.PostgreSQL); err != nil {
		return fmt.Errorf("ask for the version of PostgreSQL: %w", err)
	}
	rows, err := conn.Query(ctx, settingsQuery)
	if err == nil {
		e.Settings, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Setting])
	}
	if err != nil {
		return fmt.Errorf("ask for the settings of PostgreSQL: %w", err)
	}
	return nil
}

// facts are the lines of the environment for people.
func (e *Environment) facts() [][2]string {
	facts := [][2]string{
		{"machine", fmt.Sprintf("%s, %d cores, %s", cmp.Or(e.CPU, "unknown processor"), e.Cores, e.OS)},
		{"rowcast", e.Rowcast + ", " + e.Go},
	}
	if e.PostgreSQL != "" {
		facts = append(facts, [2]string{"PostgreSQL", e.PostgreSQL})
	}
	if len(e.Settings) > 0 {
		var all []string
		for _, s := range e.Settings {
			all = append(all, s.Name+"="+s.Value)
		}
		facts = append(facts, [2]string{"settings", strings.Join(all, " ")})
	}
	return facts
}
