package changelog_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"rowcast/internal/changelog"
	"rowcast/internal/feed"
	"rowcast/internal/test/pgtest"
)

// encodedDatabase makes a database of another encoding than that of the server.
func encodedDatabase(t *testing.T, encoding string) *database {
	t.Helper()
	pg, name := pgtest.Server(t), "encoding_"+strings.ToLower(encoding)
	pgtest.Admin(t, pg, fmt.Sprintf("create database %s template template0 encoding '%s' locale 'C'", name, encoding))
	t.Cleanup(func() { pgtest.Admin(t, pg, "drop database "+name+" with (force)") })
	dsn, err := url.Parse(pg.SocketDSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	dsn.Path = "/" + name
	return migrated(t, dsn.String())
}

// texts draws bytes that the encoding takes, and what they say in UTF-8.
func texts(encoding string) func(t *rapid.T, label string) (stored, said string) {
	if encoding == "LATIN1" {
		return func(t *rapid.T, label string) (string, string) {
			stored := rapid.SliceOfN(rapid.ByteRange(1, 255), 1, 20).Draw(t, label)
			var said strings.Builder
			for _, b := range stored {
				said.WriteRune(rune(b))
			}
			return string(stored), said.String()
		}
	}
	return func(t *rapid.T, label string) (string, string) {
		stored := string(rapid.OneOf(rapid.SliceOfN(rapid.ByteRange(1, 255), 1, 20),
			rapid.Map(rapid.StringN(1, 6, -1), func(s string) []byte {
				return append([]byte("u"), strings.ReplaceAll(s, "\x00", "")...)
			})).Draw(t, label))
		return stored, strings.ToValidUTF8(stored, "\uFFFD")
	}
}

// Whatever bytes a database holds, what leaves is UTF-8: converted where
// PostgreSQL knows how, with U+FFFD for what is none in a database that does not
// say what its bytes mean. Nobody reads a tenant whose name only looks like his.
func TestOtherEncodings(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"LATIN1", "SQL_ASCII"} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			d := encodedDatabase(t, encoding)
			l := d.tail(t)
			writer := pgtest.ConnectAs(t, d.DSN, "writer") // its bytes are stored as they are
			history := changelog.NewHistory(d.pool, 0)
			draw, seen := texts(encoding), 0
			rapid.Check(t, func(rt *rapid.T) {
				stored, body := draw(rt, "body")
				storedTenant, tenant := draw(rt, "tenant")
				seen++
				id := seen
				_, err := writer.Exec(t.Context(), "insert into docs values ($1, $2, $3)", id, storedTenant, stored)
				if err != nil {
					rt.Fatal(err)
				}
				l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == id })
				change := l.snapshot()[id-1]
				var row struct{ Body string }
				if err := json.Unmarshal(change.After, &row); err != nil || !utf8.Valid(change.After) || row.Body != body {
					rt.Fatalf("%q arrives as %q, %v; want %q", stored, change.After, err, body)
				}
				known := 0
				for _, c := range l.snapshot() {
					if c.Tenant == tenant {
						known++
					}
				}
				if id == 20 { // what is before is read from another segment of the log
					pgtest.Exec(t, writer, "select rowcast.rotate('0', 0)")
				}
				start, err := history.Oldest(t.Context(), tenant)
				if err != nil {
					rt.Fatalf("the history of %q: %v", tenant, err)
				}
				page, err := history.After(t.Context(), tenant, start, 1000)
				if err != nil || len(page.Changes) != known {
					rt.Fatalf("the history of %q has %d changes, %v; want %d", tenant, len(page.Changes), err, known)
				}
				for _, c := range page.Changes {
					if !utf8.Valid(c.After) || c.Tenant != tenant {
						rt.Fatalf("the history of %q has %q of %q", tenant, c.After, c.Tenant)
					}
				}
			})
		})
	}
}

// A tenant that the encoding of the database cannot write is one without
// changes.
func TestTenantThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	d := encodedDatabase(t, "LATIN2")
	l := d.tail(t)
	pgtest.Exec(t, pgtest.ConnectAs(t, d.DSN, "writer"), "insert into docs values (1, 'T')")
	l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 1 })
	history := changelog.NewHistory(d.pool, 0)
	unwritable := []string{"東京", "T\x00", "\xff"}
	if err := history.Know(t.Context(), append(unwritable, "U")); err != nil {
		t.Error(err)
	}
	if !pgtest.Query[bool](t, pgtest.ConnectAs(t, d.DSN, "admin"), "select array_agg(tenant order by tenant) = '{T,U}' from rowcast.tenant") {
		t.Error("those beside it are not known")
	}
	for _, tenant := range unwritable {
		head, err := history.Head(t.Context(), tenant, 1)
		if err != nil || head.Epoch == "" || head.Position != 0 {
			t.Errorf("%q: %+v, %v", tenant, head, err)
			continue
		}
		page, err := history.After(t.Context(), tenant, feed.Cursor{Epoch: head.Epoch}, 10)
		if err != nil || len(page.Changes) != 0 {
			t.Errorf("%q: %+v, %v", tenant, page, err)
		}
		if c, err := history.Locate(t.Context(), tenant, "beginning"); err != nil || c.Position != 0 {
			t.Errorf("%q: %+v, %v", tenant, c, err)
		}
	}
}

// A session of the program asks for UTF-8, whatever the database has its sessions
// ask for.
func TestEncodingOfTheSession(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"EUC_JP", "UTF8"} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			d := encodedDatabase(t, encoding)
			writer := pgtest.ConnectAs(t, d.DSN, "writer")
			pgtest.Exec(t, writer, "set client_encoding = 'UTF8'", "alter database encoding_"+strings.ToLower(encoding)+" set client_encoding = 'SJIS'")
			d.pool.Reset()
			l := d.tail(t)
			pgtest.Exec(t, writer, "insert into docs values (1, '東京', '日本')")
			l.wait(t, "change", func(r *recorder) bool { return len(r.changes) == 1 })
			c := l.snapshot()[0]
			if c.Tenant != "東京" || !bytes.Contains(c.After, []byte(`"body":"日本"`)) {
				t.Errorf("arrived as %q of %q", c.After, c.Tenant)
			}
			page, err := changelog.NewHistory(d.pool, 0).After(t.Context(), "東京", feed.Cursor{Epoch: c.Epoch}, 10)
			if err != nil || len(page.Changes) != 1 || !bytes.Equal(page.Changes[0].After, c.After) {
				t.Errorf("the history is %+v, %v", page, err)
			}
		})
	}
}
