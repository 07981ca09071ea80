package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rowcast/internal/command/program"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/view/policy/store"
)

// files writes files of these names into a folder and returns it.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir + string(filepath.Separator)
}

const (
	pickers = `
tables:
  order:
    roles:
      manager: {}
      picker:
        columns: {only: [id, order_number, status]}
        rows: row.status in claims.statuses
      clerk: {rows: num(row.order_number) > num(row.customer)}
`
	fewer = `{"tables": {"order": {"roles": {"manager": {}, "picker": {"columns": {"only": ["id", "status"]}}}}}}`
)

func TestPolicyApply(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	environ := []string{"DATABASE_URL=" + s.DSN}
	dir := files(t, map[string]string{"first.yaml": pickers, "second.json": fewer, "bad.yaml": strings.Replace(pickers, "status]", "state]", 1)})
	first := `order, everybody else: sees nothing, before everything
order, role clerk: sees created_at, customer, id, order_number, status, tenant_id, updated_at of rows where num(row.order_number) > num(row.customer), before everything
order, role picker: sees id, order_number, status of rows where row.status in claims.statuses, before everything
`
	first = strings.ReplaceAll(first, "created_at, customer, id, order_number, status, tenant_id, updated_at",
		pgtest.Query[string](t, s.Conn, `select string_agg(attname, ', ' order by attnum) from pg_attribute where attrelid = 'orders'::regclass and attnum > 0 and not attisdropped`))
	for _, step := range []struct {
		verb, file   string
		code         int
		want, stderr string
	}{
		{"diff", "first.yaml", program.ExitOK, first, ""},
		{"diff", "first.yaml", program.ExitOK, first, ""},
		{"apply", "bad.yaml", program.ExitFailure, "", `line 7: tables.order.roles.picker.columns.only: there is no column "state"; there are: id, `},
		{"apply", "first.yaml", program.ExitOK, "policy 1 is in force\n" + first, ""},
		{"apply", "first.yaml", program.ExitOK, "policy 2 is in force\nnothing changes\n", ""},
		{"diff", "bad.yaml", program.ExitFailure, "", "code: policy-refused"},
		{"apply", "second.json", program.ExitOK, "policy 3 is in force\norder, role clerk: sees nothing, before ", ""},
		{"diff", "second.json", program.ExitOK, "nothing changes\n", ""},
	} {
		code, stdout, stderr := rowcast(t, environ, "policy", step.verb, dir+step.file)
		if code != step.code || !strings.HasPrefix(stdout, step.want) || !strings.Contains(stderr, step.stderr) || (stderr == "") != (code == program.ExitOK) {
			t.Errorf("%s %s: exit %d, %s\nwant %d, %s\n%s", step.verb, step.file, code, stdout, step.code, step.want, stderr)
		}
	}
	// By a role that was allowed to.
	pgtest.Admin(t, pgtest.Server(t), "create role policy_officer login")
	t.Cleanup(func() { pgtest.Admin(t, pgtest.Server(t), "drop role policy_officer") })
	as := []string{"DATABASE_URL=" + strings.Replace(s.DSN, "user=postgres", "user=policy_officer", 1)}
	if code, _, stderr := rowcast(t, as, "policy", "apply", dir+"first.yaml"); code != program.ExitFailure || !strings.Contains(stderr, "code: privileges-missing") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	s.Exec(t, `select rowcast.grant_service('policy_officer')`, `grant execute on function rowcast.apply_policy(text), rowcast.drop_policy(), rowcast.policies() to policy_officer`)
	defer s.Exec(t, `drop owned by policy_officer`)
	for _, file := range []string{"first.yaml", "second.json"} {
		if code, _, stderr := rowcast(t, as, "policy", "apply", dir+file); code != program.ExitOK {
			t.Errorf("exit %d, %s", code, stderr)
		}
	}
	if got := strings.Join(pgtest.Column[string](t, s.Conn, `select version || ' ' || state from rowcast.policies()`), ", "); got != "5 active, 4 replaced, 3 replaced, 2 replaced, 1 replaced" {
		t.Errorf("on record are %s", got)
	}
}

// TestPolicyApplyBesideServers, which settle what is pending as soon as they see it.
func TestPolicyApplyBesideServers(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	pool := pgtest.Pool(t, s.DSN, "server", 1)
	ended := make(chan struct{})
	var server sync.WaitGroup
	server.Go(func() {
		for {
			if _, err := store.Settle(t.Context(), pool); err != nil {
				t.Error(err)
				return
			}
			select {
			case <-ended:
				return
			default:
			}
		}
	})
	dir := files(t, map[string]string{"a": pickers, "b": fewer})
	for n := range 6 {
		code, stdout, stderr := rowcast(t, []string{"DATABASE_URL=" + s.DSN}, "policy", "apply", dir+[]string{"a", "b"}[n%2])
		if code != program.ExitOK || !strings.HasPrefix(stdout, fmt.Sprintf("policy %d is in force\norder, ", n+1)) {
			t.Errorf("exit %d, %s%s", code, stdout, stderr)
		}
	}
	close(ended)
	server.Wait()
}

func TestPolicyMistakesAreNamed(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	environ := []string{"DATABASE_URL=" + s.DSN}
	dir := files(t, map[string]string{
		"good.yaml": pickers, "none.json": `[]`, "claims.json": `{"role":"picker"}`, "more.json": `{} {}`, "tenant.json": `{"tenant_id":{"a":{"b":1}},"role":7}`,
		"bad.yaml":  "tables:\n  order:\n    roles:\n      a: {columns: {only: [id, x]}}\n      b: {rows: row.id + 1}\n  orders: {roles: {a: {}}}\n",
		"long.yaml": strings.Repeat("# long\n", 20000), "binary.yaml": "tables: \x00",
	})
	for _, test := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"apply"}, program.ExitUsage, []string{"policy apply wants the file of a policy", "code: usage"}},
		{[]string{"aply"}, program.ExitUsage, []string{"aply", "code: usage"}},
		{[]string{"apply", dir + "nowhere.yaml"}, program.ExitFailure, []string{"nowhere.yaml", "code: file-unusable"}},
		{[]string{"apply", dir + "bad.yaml"}, program.ExitFailure, []string{
			"bad.yaml is refused:\nline 4: tables.order.roles.a.columns.only: there is no column \"x\"; there are: id", "\nline 5: tables.order.roles.b.rows: ",
			"\nline 6: tables.orders: no table is watched as \"orders\"; there are: order, presence", "code: policy-refused",
		}},
		{[]string{"diff", dir + "long.yaml"}, program.ExitFailure, []string{"the policy has 140000 bytes, at most 65536 are allowed"}},
		{[]string{"apply", dir + "binary.yaml"}, program.ExitFailure, []string{"code: policy-refused"}},
		{[]string{"test", dir + "good.yaml"}, program.ExitUsage, []string{"policy test needs --claims"}},
		{[]string{"test", dir + "good.yaml", "--claims", dir + "none.json"}, program.ExitUsage, []string{"none.json is no object of JSON"}},
		{[]string{"test", dir + "good.yaml", "--claims", dir + "more.json"}, program.ExitUsage, []string{"something follows"}},
		{[]string{"test", dir + "good.yaml", "--claims", dir + "claims.json", "--table", "order"}, program.ExitUsage, []string{"--table and --row go together"}},
		{[]string{"test", dir + "good.yaml", "--claims", dir + "claims.json", "--table", "nowhere", "--row", dir + "claims.json"}, program.ExitUsage, []string{`no table is watched as "nowhere"`}},
		{[]string{"test", dir + "bad.yaml", "--claims", dir + "claims.json"}, program.ExitFailure, []string{"code: policy-refused"}},
		{[]string{"show", "it"}, program.ExitUsage, []string{"takes no argument"}},
	} {
		code, stdout, stderr := rowcast(t, environ, append([]string{"policy"}, test.args...)...)
		if code != test.code || stdout != "" {
			t.Errorf("%v: exit %d, %s%s", test.args, code, stdout, stderr)
		}
		for _, text := range test.says {
			if !strings.Contains(stderr, text) {
				t.Errorf("%v: %s\ndoes not say %q", test.args, stderr, text)
			}
		}
	}
	if got := pgtest.Query[int](t, s.Conn, `select count(*)::integer from rowcast.policy`); got != 0 {
		t.Errorf("%d policies are on record, but none was good", got)
	}
}

func TestPolicyShow(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	environ := []string{"DATABASE_URL=" + s.DSN}
	show := func(document string, notes ...string) {
		t.Helper()
		code, stdout, stderr := rowcast(t, environ, "policy", "show")
		if code != program.ExitOK || stdout != document {
			t.Errorf("exit %d, %q", code, stdout)
		}
		for _, note := range notes {
			if !strings.Contains(stderr, note) {
				t.Errorf("%s\ndoes not say %q", stderr, note)
			}
		}
		if lines := strings.Count(stderr, "\n"); lines != len(notes) {
			t.Errorf("%s\nhas %d lines", stderr, lines)
		}
	}
	show("", "no policy is in force")
	if code, _, stderr := rowcast(t, environ, "policy", "apply", files(t, map[string]string{"p": pickers})+"p"); code != program.ExitOK {
		t.Fatal(stderr)
	}
	show(pickers, "policy 1, applied by postgres at 20")
	s.Exec(t, `alter table orders add column margin numeric`, `select rowcast.apply_policy('tables: [')`)
	show(pickers, "policy 1, applied by", `tables.order: the column "margin" was added or renamed since the policy was applied; only roles given as {} see it`, "policy 2, which is newer, is pending")
	s.Exec(t, `select rowcast.refuse_policy(2, 'it is no YAML')`, `alter table orders drop column margin, drop column order_number cascade`)
	show(pickers, "policy 1, applied by", "note: tables.order.roles.clerk.rows: ", "policy 2, which is newer, is refused: it is no YAML")
}

func TestPolicyTest(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	environ := []string{"DATABASE_URL=" + s.DSN, "JWT_ROLE_CLAIM=app.roles"}
	dir := files(t, map[string]string{
		"p":      pickers,
		"picker": `{"tenant_id":"acme","app":{"roles":["picker","x"]},"statuses":["pending"]}`, "manager": `{"app":{"roles":"manager"}}`, "clerk": `{"app":{"roles":"clerk"}}`, "nobody": `{}`,
		"seen": `{"id": 12345678901234567890, "order_number": "A", "status": "pending", "customer": "secret"}`, "hidden": `{"id":1,"status":"shipped"}`, "odd": `{"id":1,"order_number":"a","customer":"b"}`,
	})
	for _, test := range []struct {
		claims, row string
		code        int
		want        string
		says        string
	}{
		{"picker", "", program.ExitOK, "roles: picker, x\norder: id, order_number, status of rows where row.status in claims.statuses (role picker)\npurchase-order: everything\n", ""},
		{"manager", "", program.ExitOK, "roles: manager\norder: everything\n", ""},
		{"nobody", "", program.ExitOK, "roles: none\norder: nothing\n", ""},
		{"picker", "seen", program.ExitOK, `{"id":"12345678901234567890","order_number":"A","status":"pending"}` + "\n", ""},
		{"manager", "hidden", program.ExitOK, `{"id":1,"status":"shipped"}` + "\n", ""},
		{"picker", "hidden", 1, "the row is not seen\n", ""},
		{"nobody", "seen", 1, "the row is not seen\n", ""},
		{"clerk", "odd", 1, "the row is not seen\n", "the condition of role clerk fails on this row"},
	} {
		args := []string{"policy", "test", dir + "p", "--claims", dir + test.claims}
		if test.row != "" {
			args = append(args, "--table", "order", "--row", dir+test.row)
		}
		code, stdout, stderr := rowcast(t, environ, args...)
		if code != test.code || !strings.HasPrefix(stdout, test.want) || !strings.Contains(stderr, test.says) || (stderr == "") != (test.says == "") {
			t.Errorf("%v: exit %d, %s%s\nwant %s", args, code, stdout, stderr, test.want)
		}
	}
	if got := pgtest.Query[int](t, s.Conn, `select count(*)::integer from rowcast.policy`); got != 0 {
		t.Errorf("%d policies are on record", got)
	}
}

// TestGuideShowsAPolicy that is accepted, and means what it says.
func TestGuideShowsAPolicy(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("OPERATE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "## Who sees what\n")
	_, rest, _ := strings.Cut(section, "```yaml\n")
	document, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("OPERATE.md shows no policy")
	}
	code, stdout, stderr := rowcast(t, []string{"DATABASE_URL=" + newEnv(t).DSN}, "policy", "diff", files(t, map[string]string{"p": document})+"p")
	if code != program.ExitOK || !strings.Contains(stdout, "order, everybody else: sees nothing") || !strings.Contains(stdout, "order:shipped: is new") || strings.Contains(stdout, "manager") {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
}
