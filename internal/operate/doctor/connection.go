package doctor

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/errcode"
	"rowcast/internal/postgres"
	"rowcast/migrations"
	"rowcast/sql"
)

const sessionName = "rowcast doctor"

// connect opens a connection that a pooler may carry.
func (p *patient) connect(ctx context.Context) (*pgx.Conn, error) {
	return postgres.ConnectPooled(ctx, p.DatabaseURL, sessionName)
}

// ask puts a question that is answered by one row.
func (p *patient) ask(ctx context.Context, question string, args []any, into ...any) error {
	conn, err := p.database(ctx)
	if err != nil {
		return err
	}
	return postgres.Within(ctx, conn, func(tx pgx.Tx) error { return tx.QueryRow(ctx, question, args...).Scan(into...) })
}

// unanswered says that the question was cut off, so that nothing is known of
// what it was about: the time was over, somebody ended it, or the connection.
func (p *patient) unanswered(code errcode.Code, err error) Finding {
	p.cutOff = append(p.cutOff, string(code))
	return skip("not known: " + words(err))
}

func cutOff(err error) bool {
	pg, answered := errors.AsType[*pgconn.PgError](err)
	return err != nil && (!answered || strings.HasPrefix(pg.Code, "57"))
}

// answers looks whether every other check was answered.
func answers(_ context.Context, p *patient) Finding {
	if len(p.cutOff) > 0 {
		return fail("no answer to "+strings.Join(p.cutOff, ", "), "")
	}
	return ok("every check was answered")
}

// database is the connection for queries, opened anew if the last check ran out
// of time on it.
func (p *patient) database(ctx context.Context) (*pgx.Conn, error) {
	if p.conn != nil && !p.conn.IsClosed() {
		return p.conn, nil
	}
	conn, err := p.connect(ctx)
	p.conn = conn
	return conn, err
}

func reach(ctx context.Context, p *patient) Finding {
	began := time.Now()
	conn, err := p.database(ctx)
	if err != nil {
		return fail(words(err), "")
	}
	return ok(fmt.Sprintf("database %s as %s in %s", conn.Config().Database, conn.Config().User, time.Since(began).Round(time.Millisecond)))
}

func reachListen(ctx context.Context, p *patient) Finding {
	conn, err := postgres.Connect(ctx, p.ListenDatabaseURL, sessionName)
	if err != nil && !errors.Is(err, postgres.ErrPooler) {
		return fail(words(err), "")
	}
	p.listen = conn
	return ok("answers")
}

// pooler looks at what the connection for LISTEN leads through. A pooler may also
// refuse the settings of a session; then there is no connection.
func pooler(ctx context.Context, p *patient) Finding {
	if p.listen != nil {
		return ok("the connection is direct")
	}
	conn, err := postgres.Connect(ctx, p.ListenDatabaseURL, sessionName)
	switch {
	case errors.Is(err, postgres.ErrPooler):
		return fail(words(err), "")
	case err != nil:
		return skip("not looked at, see listen-unreachable")
	}
	p.listen = conn
	return ok("the connection is direct")
}

// same asks both connections where they lead.
func same(ctx context.Context, p *patient) Finding {
	const where = `select pg_postmaster_start_time()::text || ' ' || d.oid from pg_database d where d.datname = current_database()`
	var one, other string
	err := cmp.Or(p.ask(ctx, where, nil, &one), p.listen.QueryRow(ctx, where).Scan(&other))
	switch {
	case cutOff(err):
		return p.unanswered("different-databases", err)
	case err != nil:
		return fail(words(err), "")
	case one != other:
		return fail("they do not lead to the same database", "")
	}
	return ok("they lead to the same database")
}

// hears sends a notification to itself, over the other connection.
func hears(ctx context.Context, p *patient) Finding {
	const channel = "rowcast_doctor"
	payload := fmt.Sprintf("%d.%d", p.listen.PgConn().PID(), time.Now().UnixNano())
	if _, err := p.listen.Exec(ctx, "listen "+channel); err != nil {
		return fail("listen: "+words(err), "")
	}
	began := time.Now()
	if err := p.ask(ctx, "select pg_notify($1, $2) is null", []any{channel, payload}, nil); err != nil {
		return fail("notify: "+words(err), "")
	}
	for {
		n, err := p.listen.WaitForNotification(ctx)
		if err != nil {
			return fail(fmt.Sprintf("nothing arrived within %s", time.Since(began).Round(time.Millisecond)), "")
		}
		if n.Payload == payload {
			return ok(fmt.Sprintf("a notification arrived after %s", time.Since(began).Round(10*time.Microsecond)))
		}
	}
}

// inClear looks whether the connection is encrypted where it leaves the machine.
func inClear(ctx context.Context, p *patient) Finding {
	conn, err := p.database(ctx)
	if err != nil {
		return p.unanswered("clear-database", err)
	}
	return encrypted(conn.PgConn().Conn())
}

func encrypted(conn net.Conn) Finding {
	if _, isTLS := conn.(*tls.Conn); isTLS {
		return ok("the connection is encrypted")
	}
	address, isTCP := conn.RemoteAddr().(*net.TCPAddr)
	if !isTCP || address.IP.IsLoopback() {
		return ok("the connection stays on this machine")
	}
	return warn("the connection to "+address.IP.String()+" is in clear", "")
}

// clocks compares the clock of the database with the middle of the question.
func clocks(ctx context.Context, p *patient) Finding {
	var there time.Time
	before := p.Now()
	if err := p.ask(ctx, "select clock_timestamp()", nil, &there); err != nil {
		return p.unanswered("clock-skew", err)
	}
	took := p.Now().Sub(before)
	skew := there.Sub(before.Add(took / 2))
	evidence := fmt.Sprintf("the database is %s ahead, give or take %s", skew.Round(time.Millisecond), (took / 2).Round(time.Microsecond))
	if skew < 0 {
		evidence = fmt.Sprintf("the database is %s behind, give or take %s", (-skew).Round(time.Millisecond), (took / 2).Round(time.Microsecond))
	}
	switch {
	case skew.Abs() > p.Bounds.SkewFail+took:
		return fail(evidence, "")
	case skew.Abs() > p.Bounds.Skew+took:
		return warn(evidence, "")
	}
	return ok(evidence)
}

// versions compares the schema with the program.
func versions(ctx context.Context, p *patient) Finding {
	conn, err := p.database(ctx)
	var note string
	if err == nil {
		err = postgres.Within(ctx, conn, func(tx pgx.Tx) (err error) {
			note, err = postgres.CheckSchema(ctx, tx)
			return err
		})
	}
	switch {
	case errors.Is(err, postgres.ErrOutdated):
		return fail(words(err), "")
	case cutOff(err):
		return p.unanswered("schema-outdated", err)
	case err != nil:
		return fail(words(err), "")
	case note != "":
		return warn(note, "")
	}
	return ok(fmt.Sprintf("schema version %d and its functions are those of this program", migrations.Newest()))
}

// query makes a check of sql/doctor_<code>.sql.
func query(code string, args ...func(*Options) any) func(context.Context, *patient) Finding {
	return func(ctx context.Context, p *patient) Finding {
		text, err := sql.Doctor(code)
		if err != nil {
			return fail(err.Error(), "")
		}
		var values []any
		for _, arg := range args {
			values = append(values, arg(&p.Options))
		}
		var (
			status, evidence string
			fix              *string
		)
		err = p.ask(ctx, text, values, &status, &evidence, &fix)
		switch {
		case denied(err):
			return skip("the role may not look: " + words(err))
		case cutOff(err):
			return p.unanswered(errcode.Code(code), err)
		case err != nil:
			return fail(words(err), "")
		}
		f := Finding{Status: Status(status), Evidence: evidence}
		if fix != nil {
			f.Fix = *fix
		}
		return f
	}
}

// denied says that a right is missing.
func denied(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "42501"
}

// words is an error for people.
func words(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return postgres.Explain(err).Error()
}
