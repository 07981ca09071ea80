package bench

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"runtime"
	"slices"
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
	// Settings are those of PostgreSQL that decide the figures, name=value.
	Settings []string `json:"settings,omitempty"`
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

//go:embed settings.sql
var settingsQuery string

// Describe adds the server that conn leads to, with the settings of that
// session.
func (e *Environment) Describe(ctx context.Context, conn *pgx.Conn) error {
	if err := conn.QueryRow(ctx, settingsQuery).Scan(&e.Settings); err != nil {
		return fmt.Errorf("ask for the settings of PostgreSQL: %w", err)
	}
	e.PostgreSQL = conn.PgConn().ParameterStatus("server_version")
	return nil
}

// facts are the lines of the environment for people.
func (e *Environment) facts() [][2]string {
	facts := [][2]string{
		{"machine", fmt.Sprintf("%s, %d cores, %s", cmp.Or(e.CPU, "unknown processor"), e.Cores, e.OS)},
		{"rowcast", e.Rowcast + ", " + e.Go},
		{"PostgreSQL", e.PostgreSQL},
		{"settings", strings.Join(e.Settings, " ")},
	}
	return slices.DeleteFunc(facts, func(fact [2]string) bool { return fact[1] == "" })
}
