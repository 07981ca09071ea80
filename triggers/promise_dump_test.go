package triggers_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// dumps are the ways in which a database comes to be another one, or the data of a
// table is replaced with what it was.
var dumps = []string{"dump, template", "dump, plain", "dump, custom", "dump, data", "dump, data without triggers"}

// dumpsOf returns those of them for which there is a program: an older pg_dump
// refuses a newer server.
func dumpsOf(t *testing.T, d *database) []string {
	t.Helper()
	version, err := osexec.CommandContext(t.Context(), "pg_dump", "--version").Output()
	if err != nil {
		t.Fatalf("pg_dump: %v; install it (Debian, Ubuntu: apt install postgresql-client)", err)
	}
	words := strings.Fields(string(version))
	if len(words) < 3 {
		t.Fatalf("pg_dump --version says %s", version)
	}
	number, _, _ := strings.Cut(words[2], ".")
	major, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("pg_dump --version says %s: %v", version, err)
	}
	if major < pgtest.Query[int](t, d.Conn, `select current_setting('server_version_num')::int`)/10000 {
		return dumps[:1]
	}
	return dumps
}

// tool runs a program of PostgreSQL's clients.
func tool(ctx context.Context, name string, args ...string) error {
	cmd := osexec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, output)
	}
	return nil
}

func (k *keeper) dump(ctx context.Context, how string) (goesOn bool, b *broken) {
	if known := dumpsOf(k.t, k.d); len(known) == 1 {
		how = known[0]
	}
	k.ran = append(k.ran, "-- "+how)
	k.notes[how]++
	if strings.HasPrefix(how, "dump, data") {
		return k.replaceData(ctx, how)
	}
	return true, k.move(ctx, how)
}

// replaceData puts back what the tables had, as psql does it. Nobody is told of rows
// that are restored while triggers are disabled; all the rest is as ever.
func (k *keeper) replaceData(ctx context.Context, how string) (goesOn bool, b *broken) {
	var failed [2]error
	files := map[string]string{}
	args := []string{"--dbname", k.d.DSN, "--data-only"}
	if how == "dump, data without triggers" {
		args = append(args, "--disable-triggers")
		k.unknown = true
	}
	for _, side := range sides {
		files[side] = filepath.Join(k.t.TempDir(), side+".sql")
		if err := tool(ctx, "pg_dump", append(args, "--schema", side, "--file", files[side])...); err != nil {
			return false, wrong("the data cannot be dumped", err)
		}
	}
	k.unknown = k.unknown || k.p.child
	for _, s := range []string{"reset all", "truncate §.t"} {
		if _, b := k.both(ctx, "postgres", step{sql: s}); b != nil {
			return false, b
		}
	}
	for i, side := range sides {
		failed[i] = tool(ctx, "psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "--dbname", k.d.DSN, "--file", files[side])
	}
	switch {
	case failed[0] == nil && failed[1] != nil && slices.ContainsFunc(refusals, func(r refusal) bool { return strings.Contains(failed[1].Error(), r.message) }):
		k.notes["refused"]++
		return false, nil
	case (failed[0] == nil) != (failed[1] == nil):
		return false, &broken{"the data is not restored as it is without triggers", fmt.Sprintf("without triggers: %v\nwith triggers: %v", failed[0], failed[1])}
	case failed[0] == nil:
		k.notes["data restored"]++
	}
	return true, nil
}

// move goes on in another database, which is a copy.
func (k *keeper) move(ctx context.Context, how string) *broken {
	k.disconnect(ctx)
	hidden, err := k.f.hidden(ctx)
	if err != nil {
		return wrong("the excluded columns are not known", err)
	}
	left, leaving := k.restored, k.d
	name := pgtest.Query[string](k.t, k.d.Conn, `select current_database()`)
	pg := pgtest.Server(k.t)
	k.restored = fmt.Sprintf("restored_%d", template.n.Add(1))
	dsn, file := pg.SocketDSN(k.restored), filepath.Join(k.t.TempDir(), "dump")
	switch how {
	case "dump, template":
		_ = leaving.Conn.Close(ctx) // nobody may use a template
		pgtest.Admin(k.t, pg, "create database "+k.restored+" template "+name)
		if left == "" {
			leaving.Conn = leaving.Connect(k.t) // others go on there
		}
	default:
		pgtest.Admin(k.t, pg, "create database "+k.restored)
		format, restore := "custom", []string{"pg_restore", "--exit-on-error", file}
		if how == "dump, plain" {
			format, restore = "plain", []string{"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--file", file}
		}
		if err := tool(ctx, "pg_dump", "--dbname", leaving.DSN, "--format", format, "--file", file); err != nil {
			return wrong("the database cannot be dumped", err)
		}
		if err := tool(ctx, restore[0], append(restore[1:], "--dbname", dsn)...); err != nil {
			return wrong("the database cannot be restored", err)
		}
	}
	k.d = &database{&pgtest.Env{DSN: dsn}}
	k.d.Conn, err = pgx.Connect(ctx, dsn)
	if err != nil {
		return wrong("the restored database cannot be used", err)
	}
	if left != "" {
		_ = leaving.Conn.Close(ctx)
		pgtest.Admin(k.t, pg, "drop database "+left+" with (force)")
	}
	k.foreign = 3 // with this
	k.newest = pgtest.Query[int64](k.t, k.d.Conn, `select coalesce(max(id), 0) from rowcast.log_active`)
	k.f = &feed{conn: k.d.Conn, excluded: pgtest.Query[[]int16](k.t, k.d.Conn,
		`select array(select a.attnum from pg_attribute a where a.attrelid = 'watched.t'::regclass and a.attname = any ($1))`, hidden)}
	return nil
}

// forget drops the restored database.
func (k *keeper) forget(ctx context.Context) {
	if k.restored != "" {
		_ = k.d.Conn.Close(ctx)
		pgtest.Admin(k.t, pgtest.Server(k.t), "drop database if exists "+k.restored+" with (force)")
	}
}

// compareForeign looks at what a database that was restored has captured before it is
// migrated: its log is not sealed, which is said, and has no excluded column.
func (k *keeper) compareForeign(ctx context.Context) *broken {
	k.notes["compared before migrate"]++
	hidden, err := k.f.hidden(ctx)
	if err != nil {
		return wrong("the excluded columns are not known", err)
	}
	var said bool
	var leaks, captured int
	if err := k.d.Conn.QueryRow(ctx, `
		select rowcast.foreign_log() is not null,
		       (select count(*) from rowcast.log_active l cross join unnest(l.after || l.before) i (image) cross join json_object_keys(i.image) c
		         where l.id > $1 and l.op <> 't' and c = any ($2)),
		       (select count(*) from rowcast.log_active l where l.id > $1)`, k.newest, hidden).Scan(&said, &leaks, &captured); err != nil {
		return wrong("the log cannot be read", err)
	}
	switch {
	case !said:
		return &broken{"nobody says that the log is that of another database", ""}
	case leaks > 0:
		return &broken{"an excluded column is in the log of a restored database", fmt.Sprint(hidden)}
	case captured > 0:
		k.notes["captured before migrate"]++
	}
	return nil
}

// migrate begins a new feed in the restored database. It refuses if columns have other
// names than the triggers say; that was told before.
func (k *keeper) migrate(ctx context.Context) (goesOn bool, b *broken) {
	lost, err := k.f.lost(ctx)
	if err != nil {
		return false, wrong("drift cannot be asked for", err)
	}
	k.ran = append(k.ran, "-- migrate --new-feed")
	_, err = (&postgres.Migrator{URL: k.d.DSN, Log: slog.New(slog.DiscardHandler), NewFeed: true}).Up(ctx)
	if err != nil && lost && strings.Contains(err.Error(), "rowcast watch ") {
		k.notes["migrate refuses"]++
		return false, nil
	} else if err != nil {
		return false, wrong("a restored database cannot be migrated", err)
	}
	k.notes["migrated"]++
	k.f, err = newFeed(ctx, k.d.Conn)
	if errors.Is(err, pgx.ErrNoRows) { // the primary key was dropped
		return false, nil
	} else if err != nil {
		return false, wrong("the table cannot be read", err)
	}
	return true, nil
}
