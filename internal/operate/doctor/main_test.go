package doctor_test

import (
	"strings"
	"testing"

	"rowcast/internal/errcode"
	"rowcast/internal/operate/doctor"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/view/policy/store"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// newEnv makes a migrated database with a watched table.
func newEnv(t *testing.T) *pgtest.Env {
	t.Helper()
	return envOn(t, pgtest.Database(t))
}

// envOn is newEnv for a database that is there.
func envOn(t *testing.T, dsn string) *pgtest.Env {
	t.Helper()
	pgtest.Migrate(t, dsn)
	return pgtest.Open(t, dsn, `create table docs (id int primary key, tenant_id text not null, body text)`, `create index docs_tenant on docs (tenant_id)`,
		`select rowcast.watch('docs')`)
}

// execHere is Exec with $DB for the name of the database. What begins as a policy is
// applied and settled.
func execHere(t *testing.T, s *pgtest.Env, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if document, is := strings.CutPrefix(statement, settled); is {
			pgtest.ExecWith(t, s.Conn, `select rowcast.apply_policy($1)`, document)
			if o, err := store.Settle(t.Context(), s.Conn); err != nil || o.State != store.IsActive {
				t.Fatalf("%s is %+v, %v", document, o, err)
			}
			continue
		}
		s.Exec(t, strings.ReplaceAll(statement, "$DB", s.Conn.Config().Database))
	}
}

// options look at the database, and at no server.
func options(s *pgtest.Env) doctor.Options {
	return doctor.Options{
		DatabaseURL: s.DSN, ListenDatabaseURL: s.DSN, Secret: []byte("0123456789abcdefghijklmnopqrstuvwxyz"), AdminAddr: "127.0.0.1:1",
	}
}

// seen are the states in which each check was found.
type seen map[string]map[doctor.Status]bool

// look runs the doctor and notes what it found.
func (v seen) look(t *testing.T, o doctor.Options) map[string]doctor.Result {
	t.Helper()
	return v.note(t, doctor.Run(t.Context(), o, nil))
}

// note keeps the states of a report.
func (v seen) note(t *testing.T, report *doctor.Report) map[string]doctor.Result {
	t.Helper()
	found := map[string]doctor.Result{}
	for _, r := range report.Results {
		code := string(r.Code)
		found[code] = r
		if v[code] == nil {
			v[code] = map[doctor.Status]bool{}
		}
		v[code][r.Status] = true
		if r.Evidence == "" || r.Check == "" || (r.Fix == "") != (r.Status == doctor.OK || r.Status == doctor.Skip) {
			t.Errorf("incomplete: %+v", r)
		}
	}
	return found
}

// expect wants a check to be found so, with a text in its evidence or its fix.
func (v seen) expect(t *testing.T, o doctor.Options, code string, status doctor.Status, says ...string) {
	t.Helper()
	var report *doctor.Report
	switch code {
	case "checks-unanswered", "connections-scarce": // they look at what the other checks do
		report = doctor.Run(t.Context(), o, nil)
	default:
		report = doctor.Look(t.Context(), o, errcode.Code(code))
	}
	got := v.note(t, report)[code]
	if got.Status != status {
		t.Errorf("%s is %s, not %s: %s", code, got.Status, status, got.Evidence)
	}
	for _, text := range says {
		if !strings.Contains(got.Evidence+"\n"+got.Fix, text) {
			t.Errorf("%s does not say %q: %s; fix: %s", code, text, got.Evidence, got.Fix)
		}
	}
}
