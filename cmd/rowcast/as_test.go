package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rowcast/internal/command/program"
	"rowcast/internal/test/pgtest"
)

// seenAs are the events that a command has printed, with the row or what is left of it.
func seenAs(t *testing.T, stdout string) (lines []string) {
	t.Helper()
	for text := range strings.Lines(stdout) {
		var m message
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		lines = append(lines, fmt.Sprintf("%s %s", m.Event, m.Data))
	}
	return lines
}

// TestTailAsShowsWhatATokenSees: tail and history with --as print what a token with the
// claims would receive: its rows, columns and events, from the history and as it comes.
func TestTailAsShowsWhatATokenSees(t *testing.T) {
	t.Parallel()
	s := pgtest.Migrated(t, `create table parcels (id int primary key, tenant_id text, house int, cost int, reader text)`,
		`select rowcast.watch('parcels', name => 'parcel', audience => 'reader')`)
	environ := []string{"DATABASE_URL=" + s.DSN}
	dir := files(t, map[string]string{
		"policy.yaml": "tables: {parcel: {roles: {manager: {}, picker: {columns: {except: [cost]}, rows: row.house in claims.houses}}, " +
			"events: [{name: 'parcel:moved', on: update, when: row.house != old.house, data: [id, house]}, {name: 'parcel:dear', on: insert, when: row.cost > 5, data: [id]}]}}",
		"picker.json":  `{"sub":"ann","role":"picker","houses":[5,6],"tenant_id":"T"}`,
		"manager.json": `{"sub":"bob","role":["manager"],"tenants":["U","T"]}`,
		"driver.json":  `{"sub":"ann","role":"driver","tenant_id":"T"}`,
		"open.yaml":    "tables: {parcel: {roles: {picker: {columns: {except: [cost, tenant_id, reader]}}}}}",
	})
	apply := func(file string) {
		t.Helper()
		if code, _, stderr := rowcast(t, environ, "policy", "apply", dir+file); code != program.ExitOK {
			t.Fatal(stderr)
		}
	}
	apply("policy.yaml")
	s.Exec(t, `insert into parcels values (1, 'T', 5, 9, 'ann'), (2, 'T', 7, 9, 'ann'), (3, 'T', 5, 9, 'bob')`, `insert into parcels values (4, 'U', 5, 1, null)`,
		`update parcels set house = 6 where id = 1`, `update parcels set house = 7 where id = 1`, `select rowcast.seal()`)
	picker := []string{
		`parcel:created {"id":1,"tenant_id":"T","house":5,"reader":"ann"}`,
		`parcel:updated {"id":1,"tenant_id":"T","house":6,"reader":"ann"}`, `parcel:moved {"id":1,"house":6}`,
		`parcel:updated {"id":1,"tenant_id":"T","house":6,"reader":"ann"}`,
	}
	for file, want := range map[string][]string{
		"picker.json": picker, "driver.json": nil,
		"manager.json": {`parcel:created {"id":3,"tenant_id":"T","house":5,"cost":9,"reader":"bob"}`, `parcel:dear {"id":3}`},
	} {
		code, stdout, stderr := rowcast(t, environ, "history", "--tenant", "T", "--as", dir+file, "-o", "json")
		if got := seenAs(t, stdout); code != program.ExitOK || !slices.Equal(got, want) {
			t.Errorf("history as %s: %d %s\n got %q\nwant %q", file, code, stderr, got, want)
		}
	}
	// What comes is shown by the rules that are in force with it.
	p := spawn(t, environ, "tail", "--tenant", "T", "--as", dir+"picker.json", "--from", "beginning", "--count", "5", "-o", "json")
	p.Says(t, &p.Out, `(?s)parcel:moved.*parcel:updated`)
	apply("open.yaml")
	s.Exec(t, `insert into parcels values (5, 'T', 9, 9, 'bob'), (6, 'T', 9, 9, null)`, `select rowcast.seal()`)
	p.Ends(t, program.ExitOK)
	if got, want := seenAs(t, p.Out.String()), append(picker, `parcel:created {"id":6,"house":9}`); !slices.Equal(got, want) {
		t.Errorf("tail:\n got %q\nwant %q", got, want)
	}
}

// TestTailAsRefusals: what is wrong with the claims is refused, with the file and what to do.
func TestTailAsRefusals(t *testing.T) {
	t.Parallel()
	s := pgtest.Migrated(t, `create table parcels (id int primary key, tenant_id text, house int)`, `select rowcast.watch('parcels', name => 'parcel')`)
	environ := []string{"DATABASE_URL=" + s.DSN}
	dir := files(t, map[string]string{
		"policy.yaml": "tables: {parcel: {roles: {picker: {rows: row.house in claims.houses}}}}",
		"list.json":   `[]`, "two.json": `{"sub":"a"} {}`, "date.json": `{"exp":"soon","tenant_id":"T"}`, "none.json": `{"sub":"a"}`, "other.json": `{"sub":"a","tenant_id":"U"}`,
		"large.json": `{"sub":"a","tenant_id":"T","role":"picker","houses":["` + strings.Repeat("x", 5000) + `"]}`,
	})
	if code, _, stderr := rowcast(t, environ, "policy", "apply", dir+"policy.yaml"); code != program.ExitOK {
		t.Fatal(stderr)
	}
	s.Exec(t, `insert into parcels values (1, 'T', 5)`, `select rowcast.seal()`)
	for _, test := range []struct {
		file, says string
		code       int
	}{
		{"gone.json", "gone.json: no such file", program.ExitFailure},
		{"list.json", "list.json is no object of JSON", program.ExitUsage},
		{"two.json", "two.json: something follows the object", program.ExitUsage},
		{"date.json", "date.json: no token with these claims would be accepted: ", program.ExitUsage},
		{"none.json", `none.json: no claim names a tenant, so a token with these claims joins none; add one, as in "tenant_id":"acme"`, program.ExitUsage},
		{"other.json", `other.json: the claims do not name the tenant "T"`, program.ExitUsage},
		{"large.json", "large.json: limit-exceeded: the claims that rules use (houses)", program.ExitFailure},
	} {
		for _, args := range [][]string{{"history"}, {"tail", "--from", "beginning", "--count", "1"}} {
			code, stdout, stderr := rowcast(t, environ, append(args, "--tenant", "T", "--as", dir+test.file)...)
			if code != test.code || stdout != "" || !strings.Contains(stderr, test.says) {
				t.Errorf("%s --as %s: exit %d, %s%s; want %d, %s", args[0], test.file, code, stdout, stderr, test.code, test.says)
			}
		}
	}
}
