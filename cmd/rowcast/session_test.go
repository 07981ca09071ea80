package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"rowcast/internal/command/program"
	"rowcast/internal/test/pgtest"
)

// hostile are settings of a role under which a careless session fails, or reads
// something else.
func hostile() []string {
	return []string{
		"client_encoding = 'sjis'", "statement_timeout = '100ms'", "lock_timeout = '1ms'", "idle_in_transaction_session_timeout = '1ms'",
		"idle_session_timeout = '5s'", "default_transaction_read_only = on", "default_transaction_isolation = serializable",
		"default_transaction_deferrable = on", "row_security = off", "search_path = shop, public", "datestyle = german", "intervalstyle = sql_standard",
		"bytea_output = escape", "quote_all_identifiers = on", "standard_conforming_strings = off", "transform_null_equals = on",
		"enable_indexscan = off", "enable_nestloop = off", "timezone = 'Asia/Tokyo'",
		"exit_on_error = on", "synchronous_commit = off", "plpgsql.extra_errors = 'all'", "plpgsql.variable_conflict = use_variable",
	}
}

// TestServeUnderHostileSettings installs, serves, resumes and looks as a role that
// has all of them, in databases of each kind of encoding. What clients receive is
// UTF-8 and says what was written.
func TestServeUnderHostileSettings(t *testing.T) {
	t.Parallel()
	pg := pgtest.Server(t)
	const role = "hostile_settings"
	pgtest.Admin(t, pg, "create role "+role+" login superuser")
	dropRole(t, role)
	for _, setting := range hostile() {
		pgtest.Admin(t, pg, "alter role "+role+" set "+setting)
	}
	t.Run("databases", func(t *testing.T) {
		for encoding, word := range map[string]struct{ stored, said string }{
			"UTF8":      {"東京 é", "東京 é"},
			"LATIN1":    {"caf\xe9", "café"},
			"EUC_JP":    {"\xc5\xec\xb5\xfe", "東京"},
			"SQL_ASCII": {"caf\xe9 é", "caf\uFFFD é"},
		} {
			t.Run(encoding, func(t *testing.T) {
				t.Parallel()
				name := "hostile_" + strings.ToLower(encoding)
				pgtest.Admin(t, pg, fmt.Sprintf("create database %s template template0 encoding '%s' locale 'C'", name, encoding))
				t.Cleanup(func() { pgtest.Admin(t, pg, "drop database "+name+" with (force)") })
				u, err := url.Parse(pg.SocketDSN("postgres"))
				if err != nil {
					t.Fatal(err)
				}
				u.Path = "/" + name
				served(t, u.String(), as(t, u.String(), role), word.stored, word.said)
			})
		}
	})
}

// served has a word written, which the server says in UTF-8.
func served(t *testing.T, writer, dsn, stored, said string) {
	t.Helper()
	s := pgtest.Open(t, writer, // its bytes are those of the database
		"create schema shop", "create table shop.invoices (id int primary key, tenant_id text not null, body text)",
		"create index on shop.invoices (tenant_id)")
	environ := []string{"DATABASE_URL=" + dsn}
	for _, args := range [][]string{{"migrate"}, {"watch", "invoices"}, {"migrate"}} {
		if code, stdout, stderr := rowcast(t, environ, args...); code != program.ExitOK {
			t.Fatalf("%s: %d %q %q", args, code, stdout, stderr)
		}
	}
	s.DSN = dsn
	r := start(t, s, "ROWCAST_RETENTION=1h")
	live, joined := join(t, r.url, "T", "")
	s.Exec(t, `insert into shop.invoices values (1, 'T', 'x')`)
	if _, err := s.Conn.Exec(t.Context(), "update shop.invoices set body = $1", stored); err != nil {
		t.Fatal(err)
	}
	late, _ := join(t, r.url, "T", joined.Cursor)
	for kind, c := range map[string]*client{"live": live, "late": late} {
		events := c.events(t, "invoices:updated")
		if got := string(events[len(events)-1].Data); !strings.Contains(got, `"body":"`+said+`"`) || !utf8.Valid(c.raw.Bytes()) {
			t.Errorf("%s: %q arrives as %s", kind, stored, got)
		}
	}
	for wire, heard := range resumed(t, r.url, joined.Cursor, "invoices:updated") {
		if !strings.Contains(heard, `"body":"`+said+`"`) || !utf8.ValidString(heard) {
			t.Errorf("%s: %q arrives as %q", wire, stored, heard)
		}
	}
	status, body := request(t, http.MethodGet, httpURL(r.url, "/history", url.Values{"after": {joined.Cursor}}), token(t, "T"), "")
	if status != http.StatusOK || !strings.Contains(body, said) || !utf8.ValidString(body) {
		t.Errorf("/history answers %d %s", status, body)
	}
	r.ready(t, "ready", http.StatusOK)
	for _, args := range [][]string{
		{"tail", "--tenant", "T", "--from", "beginning", "--count", "2"},
		{"history", "--tenant", "T"},
		{"prune"},
		{"status"},
		{"replay", "--tenant", "T", "--first", "1", "--last", "2"},
	} {
		if code, stdout, stderr := rowcast(t, environ, args...); code != program.ExitOK || !utf8.ValidString(stdout) || args[0] == "tail" && !strings.Contains(stdout, said) {
			t.Errorf("%s: %d %q %q", args, code, stdout, stderr)
		}
	}
	if _, stdout, _ := rowcast(t, append(environ, "JWT_SECRET="+secret), "doctor"); strings.Contains(stdout, "not known") {
		t.Errorf("the doctor says\n%s", stdout)
	}
	if code, stdout, stderr := rowcast(t, environ, "unwatch", "invoices"); code != program.ExitOK {
		t.Errorf("unwatch: %d %q %q", code, stdout, stderr)
	}
}

// resumed continues after a cursor of tenant T on each other wire, and returns what
// came up to an event.
func resumed(t *testing.T, wsURL, cursor, event string) map[string]string {
	t.Helper()
	heard := map[string]string{}
	until := func(wire string, read func() string) {
		t.Helper()
		for {
			if _, after, found := strings.Cut(heard[wire], event); found && strings.Contains(after, `"body"`) {
				return
			}
			heard[wire] += read()
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	response := get(ctx, t, httpURL(wsURL, "/events", url.Values{"tenant": {"T"}, "cursor": {cursor}}), token(t, "T"), "")
	defer response.Body.Close()
	lines := bufio.NewReader(response.Body)
	until("events", func() string {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return line
	})

	packets := []string{`40{"token":"` + token(t, "T") + `"}`, `420["join-tenant",{"tenantId":"T","cursor":"` + cursor + `"}]`}
	until("Socket.IO", dialSocketIO(t, wsURL, nil, packets...).Next)

	query := url.Values{"EIO": {"4"}, "transport": {"polling"}}
	_, opened := request(t, http.MethodGet, httpURL(wsURL, "/socket.io/", query), "", "")
	query.Set("sid", regexp.MustCompile(`"sid":"([^"]+)"`).FindStringSubmatch(opened)[1])
	address := httpURL(wsURL, "/socket.io/", query)
	request(t, http.MethodPost, address, "", strings.Join(packets, "\x1e"))
	until("polling", func() string {
		status, text := request(t, http.MethodGet, address, "", "")
		if status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		return text
	})
	return heard
}
