package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"rowcast/internal/command/program"
	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

// replicated are two servers, of which one publishes all tables to the other.
func replicated(t *testing.T) (publisher, receiver *pgtest.Env) {
	t.Helper()
	var (
		sites []*pgtest.Env
		pg    *devpg.Server
	)
	for range 2 {
		pg = pgtest.Own(t, devpg.Options{NoTCP: true, Settings: map[string]string{"wal_level": "logical", "wal_retrieve_retry_interval": "100ms"}})
		sites = append(sites, pgtest.Open(t, pg.SocketDSN("postgres"), `create table docs (id int primary key, tenant_id text not null, body text)`))
	}
	publisher, receiver = sites[0], sites[1]
	config := publisher.Conn.Config()
	publisher.Exec(t, `create publication everything for all tables`)
	receiver.Exec(t, fmt.Sprintf(`create subscription mirror connection 'host=%s port=%d user=%s dbname=postgres' publication everything`, config.Host, config.Port, config.User))
	// Before the publisher, which waits for its receivers when it stops.
	t.Cleanup(func() { pgtest.Admin(t, pg, `alter subscription mirror disable`) })
	return publisher, receiver
}

// arrives waits until the receiver has so many rows of docs.
func arrives(t *testing.T, s *pgtest.Env, rows int) {
	t.Helper()
	await(t, s, fmt.Sprintf(`select count(*) = %d from docs`, rows))
}

// Where everything is published migrate refuses, changes nothing, and names the
// way: with a publication of tables all goes on, with us on both sides, too. Told
// to, it installs; then the doctor says so, and where the log of another database
// arrives nobody takes it for his own.
func TestPublicationForAllTables(t *testing.T) {
	t.Parallel()
	publisher, receiver := replicated(t)
	at := func(s *pgtest.Env) []string { return []string{"DATABASE_URL=" + s.DSN, "JWT_SECRET=" + secret} }
	migrated := func(s *pgtest.Env, args ...string) string {
		t.Helper()
		code, stdout, stderr := rowcast(t, at(s), append([]string{"migrate"}, args...)...)
		if code != program.ExitOK {
			t.Fatalf("migrate %s: %d %q %q", args, code, stdout, stderr)
		}
		return stdout
	}
	code, stdout, stderr := rowcast(t, at(publisher), "migrate")
	if code != program.ExitFailure || !strings.Contains(stderr, "publication everything") || !strings.Contains(stderr, "--published") || !strings.Contains(stderr, "log-published") {
		t.Errorf("migrate: %d %q %q", code, stdout, stderr)
	}
	await(t, publisher, `select to_regnamespace('rowcast') is null`)
	publisher.Exec(t, `insert into docs values (1, 'T', 'before')`)
	arrives(t, receiver, 1)

	publisher.Exec(t, `create publication parts for table docs`)
	receiver.Exec(t, `alter subscription mirror set publication parts`)
	publisher.Exec(t, `drop publication everything`)
	migrated(publisher)
	migrated(receiver)
	for _, s := range []*pgtest.Env{publisher, receiver} {
		if code, stdout, stderr := rowcast(t, at(s), "watch", "docs"); code != program.ExitOK {
			t.Fatalf("watch: %d %q %q", code, stdout, stderr)
		}
	}
	publisher.Exec(t, `insert into docs values (2, 'T', 'some')`)
	arrives(t, receiver, 2)
	for _, s := range []*pgtest.Env{publisher, receiver} {
		code, stdout, stderr := rowcast(t, at(s), "tail", "--tenant", "T", "--from", "beginning", "--count", "1")
		if code != program.ExitOK || !strings.Contains(stdout, "docs:created") {
			t.Errorf("tail: %d %q %q", code, stdout, stderr)
		}
	}

	publisher.Exec(t, `create publication everything for all tables`)
	if said := migrated(publisher); !strings.Contains(said, "carries schema rowcast to its receivers") {
		t.Errorf("a later migrate says %q", said)
	}
	if _, said, _ := rowcast(t, at(publisher), "doctor"); !strings.Contains(said, "publication everything carries schema rowcast") {
		t.Errorf("the doctor says\n%s", said)
	}
	running := start(t, receiver)
	receiver.Exec(t, `alter subscription mirror set publication everything with (copy_data = false)`)
	eventually(t, "refusal of a server that runs", func() string { _, body := request(t, http.MethodGet, running.admin+"/readyz", "", ""); return body },
		func(body string) bool {
			return strings.Contains(body, "subscription mirror brings the log of another database")
		})
	running.stop()
	for _, args := range [][]string{{"serve"}, {"tail", "--tenant", "T", "--from", "beginning", "--count", "1"}} {
		code, stdout, stderr := rowcast(t, append(at(receiver), "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0"), args...)
		if code == program.ExitOK || !strings.Contains(stderr, "subscription mirror brings the log of another database") || !strings.Contains(stderr, "foreign-log") {
			t.Errorf("%s: %d %q %q", args, code, stdout, stderr)
		}
	}
	if _, said, _ := rowcast(t, at(receiver), "doctor"); !strings.Contains(said, "subscription mirror brings the log") {
		t.Errorf("the doctor says\n%s", said)
	}
	// As it says.
	receiver.Exec(t, `alter subscription mirror set publication parts`)
	publisher.Exec(t, `drop publication everything`)
	migrated(receiver, "--new-feed")
	r := start(t, receiver)
	c, _ := join(t, r.url, "T", "")
	publisher.Exec(t, `insert into docs values (3, 'T', 'again')`)
	c.events(t, "docs:created")
	r.stop()

	publisher.Exec(t, `create publication everything for all tables`)
	migrated(publisher, "--down")
	if said := migrated(publisher, "--published"); !strings.Contains(said, "carries schema rowcast to its receivers") {
		t.Errorf("migrate --published says %q", said)
	}
}
