package store_test

import (
	"slices"
	"testing"

	"rowcast/internal/test/pgtest"
	"rowcast/internal/view/policy"
	"rowcast/internal/view/policy/store"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// strict lets clerks see the key and the status of orders, and nobody else anything.
const strict = `
tables:
  order:
    roles:
      clerk: {columns: {only: [id, status]}}
      manager: {}
`

// loose lets clerks see a little more.
const loose = `{"tables": {"order": {"roles": {"clerk": {"columns": {"except": ["total"]}}, "manager": {}}}}}`

// newEnv makes a database with two watched tables.
func newEnv(t *testing.T) *pgtest.Env {
	t.Helper()
	return pgtest.Migrated(t, `create table orders (id bigint primary key, tenant_id text not null, status text, total numeric(10, 2))`,
		`create table notes (id int primary key, tenant_id text)`, `select rowcast.watch('orders'), rowcast.watch('notes', name => 'note')`)
}

func apply(t *testing.T, db store.Database, document string) int64 {
	t.Helper()
	version, err := store.Apply(t.Context(), db, document)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// settle settles what is pending.
func settle(t *testing.T, db store.Database) store.Outcome {
	t.Helper()
	o, err := store.Settle(t.Context(), db)
	if err != nil || o == nil {
		t.Fatalf("settled is %v, %v", o, err)
	}
	return *o
}

func active(t *testing.T, db store.Database) *store.State {
	t.Helper()
	s, err := store.Active(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// silent counts nothing.
type silent struct{}

func (silent) RuleFailed(string, string) {}
func (silent) EventFailed(string)        {}

// sees are the columns that a role sees of the table with a stem: "*" for all.
func sees(t *testing.T, s *store.State, role, stem string) []string {
	t.Helper()
	p, err := s.Load(silent{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.Viewer("T", []string{role}, nil)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(s.Tables, func(t store.Table) bool { return t.Stem == stem })
	if i < 0 {
		t.Fatalf("no table is watched as %s", stem)
	}
	return columns(v.Table(s.Tables[i].ID))
}

func columns(a *policy.Access) []string {
	switch {
	case a.Everything():
		return []string{"*"}
	case a.None():
		return nil
	}
	return a.Columns().Names()
}
