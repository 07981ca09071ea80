package tenant_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/tenant"
	"rowcast/internal/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestCanonicalIsWhatTheDatabaseWrites: for anything that may be meant for a uuid or an
// integer, and for anything else, the database is asked.
func TestCanonicalIsWhatTheDatabaseWrites(t *testing.T) {
	t.Parallel()
	conn := pgtest.Migrated(t).Conn
	digits := rapid.StringOfN(rapid.SampledFrom([]rune("0123456789abcdefABCDEF")), 4, 4, -1)
	uuids := rapid.Custom(func(t *rapid.T) string {
		var text strings.Builder
		for i := range rapid.SampledFrom([]int{7, 8, 8, 8, 8, 8, 9}).Draw(t, "groups") {
			if i > 0 {
				text.WriteString(rapid.SampledFrom([]string{"", "-", "-", "--"}[:rapid.IntRange(1, 4).Draw(t, "hyphens")]).Draw(t, "hyphen"))
			}
			text.WriteString(digits.Draw(t, "digits"))
		}
		return rapid.SampledFrom([]string{"", "", "{", " ", "-"}).Draw(t, "before") + text.String() + rapid.SampledFrom([]string{"", "", "}", " ", "-"}).Draw(t, "after")
	})
	integers := rapid.Custom(func(t *rapid.T) string {
		return rapid.SampledFrom([]string{"", " ", "\t", "\n"}).Draw(t, "before") + rapid.SampledFrom([]string{"", "", "-", "+", "--", "- "}).Draw(t, "sign") +
			rapid.SampledFrom([]string{"", "0", "000"}).Draw(t, "zeros") +
			rapid.OneOf(rapid.StringMatching(`[0-9]{0,20}`), rapid.Just("9223372036854775807"), rapid.Just("9223372036854775808")).Draw(t, "digits") +
			rapid.SampledFrom([]string{"", "", " ", "\v", "x", ".0"}).Draw(t, "after")
	})
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(uuids, integers, rapid.StringN(0, 40, -1).Filter(func(s string) bool { return !strings.Contains(s, "\x00") })).Draw(t, "tenant")
		for _, test := range []struct {
			columns tenant.Columns
			cast    string
		}{{tenant.Columns{"uuid"}, "uuid"}, {tenant.Columns{"bigint", "integer", "smallint"}, "bigint"}} {
			want, known := text, true
			err := conn.QueryRow(context.Background(), "select $1::text::"+test.cast+"::text", text).Scan(&want)
			if err != nil {
				want, known = text, false
			}
			// Since version 16 integers have forms of other bases, which nobody calls a tenant.
			if strings.ContainsAny(text, "_xXoObB") && test.cast == "bigint" {
				continue
			}
			if got := test.columns.Canonical(text); got != want || (test.columns.Doubt(text) == "") != known {
				t.Errorf("%s %q: %q, doubted: %q; the database writes %q, %v", test.cast, text, got, test.columns.Doubt(text), want, err)
			}
		}
	})
}

func TestDoubt(t *testing.T) {
	t.Parallel()
	const lower, upper = "ac3e0000-0000-4000-8000-00000000000a", "AC3E0000-0000-4000-8000-00000000000A"
	for _, test := range []struct {
		columns   []string
		tenant    string
		canonical string
		doubt     string
	}{
		{nil, upper, upper, ""},
		{[]string{"text"}, upper, upper, ""},
		{[]string{"text"}, "042", "042", ""},
		{[]string{"uuid"}, upper, lower, ""},
		{[]string{"uuid"}, "acme", "acme", "of type uuid"},
		{[]string{"bigint"}, "042", "42", ""},
		{[]string{"bigint"}, upper, upper, "of type bigint"},
		{[]string{"integer", "smallint"}, "acme", "acme", "of type integer, smallint"},
		{[]string{"text", "uuid"}, lower, lower, ""},
		{[]string{"text", "uuid"}, "acme", "acme", ""},
		{[]string{"text", "uuid"}, upper, upper, "rows may have " + lower},
		{[]string{"bigint", "text"}, "+42", "+42", "rows may have 42"},
		{[]string{"bigint", "uuid"}, "42", "42", ""},
		{[]string{"numeric"}, "042", "042", ""},
	} {
		c := tenant.Columns(test.columns)
		if got := c.Canonical(test.tenant); got != test.canonical {
			t.Errorf("%v: %q is %q; want %q", test.columns, test.tenant, got, test.canonical)
		}
		if got := c.Doubt(test.tenant); (got == "") != (test.doubt == "") || !strings.Contains(got, test.doubt) {
			t.Errorf("%v: %q is doubted with %q; want %q", test.columns, test.tenant, got, test.doubt)
		}
	}
}

// TestWatcherFollowsTheTables: which tables are watched says how tenants are compared.
func TestWatcherFollowsTheTables(t *testing.T) {
	t.Parallel()
	conn := pgtest.Migrated(t).Conn
	pool := pgtest.Pool(t, conn.Config().ConnString(), "test", 2)
	changed := make(chan struct{}, 100)
	w := tenant.New(tenant.Options{
		Database: pool, Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Interval: time.Millisecond,
		Changed: func() { changed <- struct{}{} },
	})
	verify := w.Verify(func(context.Context, string) (auth.Identity, error) {
		return auth.Identity{Tenants: []string{"042", "42", "AC3E0000-0000-4000-8000-00000000000A"}}, nil
	})
	if _, err := verify(t.Context(), ""); !errors.Is(err, auth.ErrUnavailable) {
		t.Errorf("before the first answer: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	defer func() { stop(); <-done }()
	for _, step := range []struct {
		do    string
		types string
		want  string // the tenants of the identity
	}{
		{"", "[]", "[042 42 AC3E0000-0000-4000-8000-00000000000A]"},
		{"create domain small as smallint; create domain account as small; create table a (id int primary key, tenant_id account); select rowcast.watch('a')", "[smallint]", "[42 AC3E0000-0000-4000-8000-00000000000A]"},
		{"create table b (id int primary key, tenant_id bigint); select rowcast.watch('b')", "[bigint smallint]", "[42 AC3E0000-0000-4000-8000-00000000000A]"},
		{"create table c (id int primary key, tenant_id uuid); select rowcast.watch('c')", "[bigint smallint uuid]", "[042 42 AC3E0000-0000-4000-8000-00000000000A]"},
		{"select rowcast.unwatch('a'), rowcast.unwatch('b')", "[uuid]", "[042 42 ac3e0000-0000-4000-8000-00000000000a]"},
	} {
		if step.do != "" {
			if _, err := conn.Exec(t.Context(), step.do); err != nil {
				t.Fatal(err)
			}
		}
		for fmt.Sprint(w.Columns()) != step.types {
			select {
			case <-changed:
			case <-time.After(2 * time.Minute):
				t.Fatalf("%s: the columns are %v", step.do, w.Columns())
			}
		}
		if step.do == "" {
			<-changed // the first answer
		}
		id, err := verify(t.Context(), "")
		if err != nil || fmt.Sprint(id.Tenants) != step.want {
			t.Errorf("%s: %v, %v; want %s", step.do, id.Tenants, err, step.want)
		}
		names, err := tenant.Names(t.Context(), pool, "042")
		if err != nil || !slices.Equal(names, []string{w.Canonical("042")}) {
			t.Errorf("%s: %v, %v", step.do, names, err)
		}
	}
}
