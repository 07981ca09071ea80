package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrNotMigrated says that the database has no schema rowcast.
var ErrNotMigrated = errors.New("the database has no schema rowcast; install it with: rowcast migrate")

// ErrPooler says that a transaction pooler answered where a direct connection
// is needed.
var ErrPooler = errors.New("this is a connection pooler, and a direct connection is needed; see LISTEN_DATABASE_URL")

// connectTimeout is for a URL that names none.
const connectTimeout = 10 * time.Second

// adjust names the sessions of a connection in pg_stat_activity.
func adjust(config *pgx.ConnConfig, name string) {
	config.RuntimeParams["application_name"] = name
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
}

// Config is how Connect connects. url may have any form that pgx takes; empty
// means the PG* variables.
func Config(url, name string) (*pgx.ConnConfig, error) { return config(url, name, querySettings()) }

func config(url, name string, settings map[string]string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse the database URL: %w", err)
	}
	adjust(config, name)
	give(config, settings)
	return config, nil
}

// Connect opens a direct connection. Through a transaction pooler it returns
// [ErrPooler].
func Connect(ctx context.Context, url, name string) (*pgx.Conn, error) {
	return connect(ctx, url, name, querySettings())
}

// ConnectForNames is Connect for commands that are given the names of tables:
// those mean what the search_path of the role says.
func ConnectForNames(ctx context.Context, url, name string) (*pgx.Conn, error) {
	settings := querySettings()
	delete(settings, "search_path")
	return connect(ctx, url, name, settings)
}

func connect(ctx context.Context, url, name string, settings map[string]string) (*pgx.Conn, error) {
	config, err := config(url, name, settings)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", pooler(err))
	}
	if err := direct(ctx, conn); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to the database: %w", err), conn.Close(context.WithoutCancel(ctx)))
	}
	return conn, nil
}

// With runs f on a connection that connect makes, such as Connect.
func With(
	ctx context.Context, connect func(ctx context.Context, url, name string) (*pgx.Conn, error),
	url, name string, f func(ctx context.Context, conn *pgx.Conn) error,
) error {
	c, err := connect(ctx, url, name)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	return Judge(context.WithoutCancel(ctx), c, f(ctx, c))
}

// direct refuses a connection on which the settings of the session are not in effect. A
// transaction pooler that is configured to ignore them would deliver no notification
// and leave locks behind on connections of others.
func direct(ctx context.Context, conn *pgx.Conn) error {
	const name = "plan_cache_mode"
	results, err := conn.PgConn().Exec(ctx, "show "+name).ReadAll()
	if err != nil {
		return err
	}
	if got := string(results[0].Rows[0][0]); got != querySettings()[name] {
		return fmt.Errorf("%w (it ignores the settings of a session: %s is %s)", ErrPooler, name, got)
	}
	return nil
}

// Open makes a pool of at most size direct connections. It connects when first
// used.
func Open(ctx context.Context, url, name string, size int32) (*pgxpool.Pool, error) {
	return open(ctx, url, name, size, func(config *pgx.ConnConfig) { give(config, querySettings()) })
}

func open(ctx context.Context, url, name string, size int32, further func(*pgx.ConnConfig)) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse the database URL: %w", err)
	}
	adjust(config.ConnConfig, name)
	further(config.ConnConfig)
	config.MaxConns = size
	config.MinConns = 0
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open a pool of connections: %w", err)
	}
	return pool, nil
}

// Refused says whether the server answered and refused the connection for good:
// no such user, password or database.
func Refused(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "28P01" || pg.Code == "28000" || pg.Code == "3D000")
}

// pooler adds what to do to the refusal of a connection pooler.
func pooler(err error) error {
	if strings.Contains(err.Error(), "unsupported startup parameter") {
		return fmt.Errorf("%w (%w)", ErrPooler, err)
	}
	return err
}

// ErrOutdated says that the schema is of an older version than the program.
var ErrOutdated = errors.New("schema rowcast is of an older version than this program; bring it up to date with: rowcast migrate")

// Explain gives the errors of PostgreSQL a text for people: its message and
// hint. A database without Rowcast gives ErrNotMigrated, one that lacks a
// function ErrOutdated. Other errors stay.
func Explain(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	if name := EventTrigger(err); name != "" {
		return fmt.Errorf("the function %s of an event trigger of this database failed: %w", name, &explained{err: err, pg: pg})
	}
	switch pg.Code {
	case "42883": // function missing; without the schema it is the schema that is missing
		if strings.Contains(pg.Message, "rowcast.") { // the words around it are in the language of the server
			return fmt.Errorf("%w (%s)", ErrOutdated, pg.Message)
		}
	case "3F000", "42P01": // schema, table missing
		if strings.Contains(pg.Message, "rowcast") {
			return fmt.Errorf("%w (%s)", ErrNotMigrated, pg.Message)
		}
	}
	return &explained{err: err, pg: pg}
}

// explained is an error of PostgreSQL in words.
type explained struct {
	err error
	pg  *pgconn.PgError
}

func (e *explained) Error() string {
	text := e.pg.Message
	if e.pg.Hint != "" {
		text += ". " + e.pg.Hint
	}
	return text
}

func (e *explained) Unwrap() error { return e.err }

// calledFunction is a function in the context of an error.
var calledFunction = regexp.MustCompile(`(?m)^PL/pgSQL function (.+?\(.*?\)) line `)

// EventTrigger names the function of the event trigger that a statement of ours
// failed in, empty if it was none. No other function that is not in schema rowcast
// is called by what changes the schema or its tables.
func EventTrigger(err error) string {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return ""
	}
	for _, called := range calledFunction.FindAllStringSubmatch(pg.Where, -1) {
		if !strings.HasPrefix(called[1], "rowcast.") {
			return called[1]
		}
	}
	return ""
}
