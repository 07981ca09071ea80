package doctor_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/operate/doctor"
	"rowcast/internal/postgres"
	"rowcast/internal/test/pgtest"
)

// relay carries connections to the server of a DSN. pass gets what the server
// sends, message by message, and says whether it goes on to the client.
func relay(t *testing.T, dsn string, pass func(kind byte) bool) string {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	dir := pgtest.Dir(t)
	l, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() { stop(); _ = l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", fmt.Sprintf("%s/.s.PGSQL.%d", config.Host, config.Port))
			if err != nil {
				_ = client.Close()
				continue
			}
			context.AfterFunc(ctx, func() { _ = client.Close(); _ = server.Close() })
			go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
			go func() { forward(client, server, pass); _ = client.Close() }()
		}
	}()
	return fmt.Sprintf("host=%s port=5432 user=%s dbname=%s", dir, config.User, config.Database)
}

func forward(client io.Writer, server io.Reader, pass func(kind byte) bool) {
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(server, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(server, body); err != nil {
			return
		}
		if pass(head[0]) {
			if _, err := client.Write(append(head, body...)); err != nil {
				return
			}
		}
	}
}

func connections(t *testing.T, found seen) {
	s, other := newEnv(t), newEnv(t)
	found.expect(t, options(s), "different-databases", doctor.OK)
	o := options(s)
	o.ListenDatabaseURL = other.DSN
	found.expect(t, o, "different-databases", doctor.Fail, "not lead to the same database")

	o = options(s)
	o.DatabaseURL = "postgres://nobody:hunter2@127.0.0.1:1/none"
	found.expect(t, o, "database-unreachable", doctor.Fail, "connection refused")
	found.expect(t, o, "notify-queue", doctor.Skip, "see database-unreachable")
	o = options(s)
	o.ListenDatabaseURL = "host=/nowhere"
	found.expect(t, o, "listen-unreachable", doctor.Fail)
	found.expect(t, o, "listen-silent", doctor.Skip, "see pooler")

	empty := pgtest.Open(t, pgtest.Database(t))
	found.expect(t, options(empty), "not-migrated", doctor.Fail, "has no schema rowcast", "rowcast migrate")
	found.expect(t, options(empty), "triggers-drifted", doctor.Skip, "see not-migrated")

	const notification = 'A'
	o = options(s)
	o.ListenDatabaseURL = relay(t, s.DSN, func(kind byte) bool { return kind != notification })
	o.Timeout = time.Second
	found.expect(t, o, "listen-silent", doctor.Fail, "nothing arrived", "ROWCAST_NOTIFY=never")
	o.ListenDatabaseURL = relay(t, s.DSN, func(byte) bool { return true })
	found.expect(t, o, "listen-silent", doctor.OK, "arrived after")

	o = options(s)
	o.Now = func() time.Time { return time.Now().Add(-5 * time.Second) }
	found.expect(t, o, "clock-skew", doctor.Warn, "s ahead")
	o.Now = func() time.Time { return time.Now().Add(time.Hour) }
	found.expect(t, o, "clock-skew", doctor.Fail, "s behind", "chrony")

	if _, err := exec.LookPath("pgbouncer"); err != nil {
		t.Log("pgbouncer is not installed; .ci/setup test brings it")
		found["pooler"][doctor.Fail] = true
		return
	}
	for _, more := range []string{"", swallowed(t)} {
		pooled := pgtest.Pooler(t, s.DSN, more)
		o = options(s)
		o.DatabaseURL, o.ListenDatabaseURL = pooled, pooled
		found.expect(t, o, "pooler", doctor.Fail, "LISTEN_DATABASE_URL")
		o.ListenDatabaseURL = s.DSN
		for _, code := range []string{"pooler", "different-databases", "listen-silent", "triggers-drifted", "seal-lag"} {
			found.expect(t, o, code, doctor.OK)
		}
	}
}

// remote is a connection to somewhere.
type remote struct {
	net.Conn
	address net.Addr
}

func (r remote) RemoteAddr() net.Addr { return r.address }

func TestClearConnectionIsReported(t *testing.T) {
	t.Parallel()
	far := remote{address: &net.TCPAddr{IP: net.ParseIP("192.0.2.7"), Port: 5432}}
	for conn, status := range map[net.Conn]doctor.Status{
		far:                            doctor.Warn,
		tls.Client(far, &tls.Config{}): doctor.OK,
		remote{address: &net.TCPAddr{IP: net.IPv6loopback}}:   doctor.OK,
		remote{address: &net.UnixAddr{Name: "/tmp/.s.PGSQL"}}: doctor.OK,
	} {
		if got := doctor.Encrypted(conn); got.Status != status {
			t.Errorf("%T to %v: %+v", conn, conn.RemoteAddr(), got)
		}
	}
}

// A server that stops to answer fails what asks it, within the time of each check.
func TestSilentDatabaseEndsInTime(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	var silent atomic.Bool
	o := options(s)
	o.DatabaseURL = relay(t, s.DSN, func(byte) bool { return !silent.Load() })
	o.Timeout = 2 * time.Second // enough for an answer, and a dozen checks wait for it
	checks := 0
	report := doctor.Run(t.Context(), o, func(c doctor.Check) {
		checks++
		if c.Code == "not-migrated" {
			silent.Store(true)
		}
	})
	if checks != len(doctor.Checks()) || len(report.Results) != checks || report.Status != doctor.Fail {
		t.Errorf("%d checks, %s", checks, report.Status)
	}
	for _, r := range report.Results {
		switch {
		case r.Code == "not-migrated" && (r.Status != doctor.Skip || r.Evidence != "not known: no answer in time"),
			r.Code == "triggers-drifted" && r.Status != doctor.Skip,
			r.Code == "role-superuser" && r.Status != doctor.Skip,
			r.Code == "checks-unanswered" && (r.Status != doctor.Fail || !strings.Contains(r.Evidence, "no answer to not-migrated, role-superuser")):
			t.Errorf("%+v", r)
		}
	}
}

// What is set for a role to end its statements soon ends none of the doctor's; a check that somebody ends all the same is not what it looks for.
func ends(t *testing.T, found seen) {
	s := newEnv(t)
	for _, setting := range []string{
		"statement_timeout = '200ms'", "lock_timeout = '200ms'", "idle_in_transaction_session_timeout = '200ms'",
		"default_transaction_read_only = on", "default_transaction_isolation = serializable", "search_path = nowhere", "client_encoding = latin1", "row_security = off",
	} {
		execHere(t, s, `alter database $DB set `+setting)
	}
	other := s.Connect(t)
	for _, statement := range []string{`set statement_timeout = 0`, `set idle_in_transaction_session_timeout = 0`, `begin read write`, `lock table rowcast.watched in access exclusive mode`} {
		if _, err := other.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	released := make(chan error, 1)
	go func() { // once a check has waited for longer than all of these
		_, err := other.Exec(context.Background(), `do $$ begin
			while not exists (select from pg_locks l where not l.granted and l.relation = 'rowcast.watched'::regclass
			                     and l.waitstart < clock_timestamp() - interval '600 ms') loop
				perform pg_sleep(0.01);
			end loop; end $$`)
		if err == nil {
			_, err = other.Exec(context.Background(), `commit`)
		}
		released <- err
	}()
	whole := options(s)
	whole.Timeout = time.Minute
	for code, r := range found.look(t, whole) {
		if r.Status == doctor.Fail && code != "durability-off" {
			t.Errorf("%s: %s", code, r.Evidence)
		}
	}
	if err := <-released; err != nil {
		t.Fatal(err)
	}
	o := options(s)
	execHere(t, s, `alter database $DB reset all`)
	// It waits for this lock, and its statement is canceled there.
	if _, err := other.Exec(t.Context(), `begin; lock table rowcast.watched in access exclusive mode`); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			_, err := other.Exec(context.Background(), `select pg_cancel_backend(l.pid), pg_sleep(0.002)
				from pg_locks l where not l.granted and l.relation = 'rowcast.watched'::regclass`)
			select {
			case <-stop:
				stopped <- err
				return
			default:
			}
		}
	}()
	found.expect(t, o, "triggers-drifted", doctor.Skip, "not known: canceling statement due to user request")
	found.expect(t, o, "checks-unanswered", doctor.Fail, "triggers-drifted", "--timeout")
	close(stop)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// The doctor changes nothing: it may look at a database that takes no writes, and
// no transaction of its own leaves a trace.
func TestNothingIsWritten(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	const state = `
		select md5(string_agg(t.name || t.content, '' order by t.name))
		  from (select c.oid::regclass::text as name,
		               (xpath('//row', query_to_xml('select t.*, t.xmin from ' || c.oid::regclass || ' t', true, false, '')))::text as content
		          from pg_class c where c.relnamespace in ('rowcast'::regnamespace, 'public'::regnamespace) and c.relkind = 'r') t`
	s.Exec(t, `insert into docs values (1, 'T')`)
	var before, after string
	var errs error
	errs = errors.Join(errs, s.Conn.QueryRow(t.Context(), state).Scan(&before))
	doctor.Run(t.Context(), options(s), nil)
	errs = errors.Join(errs, s.Conn.QueryRow(t.Context(), state).Scan(&after))
	if errs != nil || before != after || before == "" {
		t.Errorf("the tables were %q and are %q, %v", before, after, errs)
	}
}

func TestReportHoldsNoSecret(t *testing.T) {
	o := doctor.Options{
		DatabaseURL: "postgres://app:hunter2@127.0.0.1:1/shop", ListenDatabaseURL: "host=127.0.0.1 port=1 password=hunter2 user=app",
		Secret: []byte("canary-secret"), JWKSURL: "http://user:hunter2@127.0.0.1:1/keys", Origins: []string{"https://user:hunter2@app.example"},
	}
	report := doctor.Run(t.Context(), o, nil)
	for _, format := range doctor.Formats() {
		var text strings.Builder
		if err := report.Write(&text, format); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text.String(), "hunter2") || strings.Contains(text.String(), "canary") {
			t.Errorf("%s shows a secret:\n%s", format, text.String())
		}
	}
}

// swallowed has a pooler take the settings of a session and drop them.
func swallowed(t *testing.T) string {
	t.Helper()
	config, err := postgres.Config("", "test")
	if err != nil {
		t.Fatal(err)
	}
	return "ignore_startup_parameters = " + strings.Join(slices.Sorted(maps.Keys(config.RuntimeParams)), ",")
}
