package conform_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
	"rowcast/internal/view/policy/store"
)

var policies = flag.Int("conform.policies", 300, "how often a policy changes before a row does")

// parcels is a table for policies.
const parcels = `create table parcels (id int, tenant_id uuid, warehouse int, price numeric, label text, primary key (tenant_id, id))`

// parcelLine is a tenant of a database with that table, followed on a wire.
func parcelLine(t *testing.T, w wire) *line {
	t.Helper()
	s := newShared(t)
	pgtest.Exec(t, s.DB, parcels, `select rowcast.watch('parcels', name => 'parcel')`)
	return &line{wire: w, shared: s, Tenant: s.NewTenant(t)}
}

// changeOrReset is true for what is of rows.
func changeOrReset(m message) bool { return change(m) || m.Type == "reset" }

// claiming has a client have claims in its token, such as role.
func claiming(t *testing.T, tenant string, claims map[string]any) func(q *request) {
	return func(q *request) { q.token = tokenWith(t, tenant, claims) }
}

func tokenWith(t *testing.T, tenant string, claims map[string]any) string {
	t.Helper()
	all := jwt.MapClaims{"sub": "ann", "tenant_id": tenant, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	maps.Copy(all, claims)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, all).SignedString([]byte(servetest.Secret))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func inRole(name string) map[string]any { return map[string]any{"role": name} }

// apply applies a policy and waits until every server follows it.
func (s *shared) apply(t *testing.T, document string) {
	t.Helper()
	version, err := store.Apply(t.Context(), s.DB, document)
	if err != nil {
		t.Fatal(err)
	}
	servetest.Eventually(t, "policy in force", func() bool {
		o, err := store.OutcomeOf(t.Context(), s.DB, version)
		if err != nil || o.State == store.IsRefused {
			t.Fatalf("%+v, %v", o, err)
		}
		return o.State == store.IsActive
	})
	servetest.Eventually(t, "policy that every server follows", func() bool {
		rules, err := store.Active(t.Context(), s.DB)
		if err != nil {
			t.Fatal(err)
		}
		behind, err := store.Behind(t.Context(), s.DB, rules.Rules)
		if err != nil {
			t.Fatal(err)
		}
		return len(behind) == 0
	})
}

const prices = `
tables:
  parcel:
    roles:
      manager: {}
      picker: {columns: {except: [price]}}
      clerk: {columns: {except: [price]}, rows: row.warehouse in claims.warehouses}
    events:
      - {name: "parcel:dear", on: [insert], when: "num(row.price) > 100.0", data: [id]}
      - {name: "parcel:heavy", on: [insert], when: "row.label == 'heavy'", data: [id, label]}
`

// TestPolicy: a policy that is applied while clients follow, on each kind of wire.
func TestPolicy(t *testing.T) {
	t.Parallel()
	for _, w := range []wire{wires[0], wires[1], wires[3], wires[4]} {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			l := parcelLine(t, w)
			s := l.shared
			servers := l.servers()
			n := 0
			insert := func(warehouse int, price, label string) {
				t.Helper()
				n++
				l.Exec(t, fmt.Sprintf(`insert into parcels values (%d, $1, %d, %s, '%s')`, n, warehouse, price, label))
			}
			people := map[string]map[string]any{"manager": inRole("manager"), "picker": inRole("picker"), "stranger": nil}
			live := map[string]*client{}
			for i, name := range slices.Sorted(maps.Keys(people)) {
				live[name] = l.join(t, servers[i%2], claiming(t, l.ID, people[name]))
			}
			see := func(name string, want ...string) {
				t.Helper()
				f := live[name]
				for _, w := range want {
					m := f.events(t, 1)[0]
					if got := m.Event + " " + string(m.Data); got != strings.ReplaceAll(w, "$T", l.ID) {
						t.Fatalf("the %s received %s; want %s", name, got, w)
					}
				}
			}
			insert(1, "7.5", "a")
			for name := range people {
				see(name, `parcel:created {"id":1,"tenant_id":"$T","warehouse":1,"price":7.5,"label":"a"}`)
			}
			untagged := live["picker"].cursor

			// Those that see something else are reset, the others go on.
			reset := func(name string) {
				t.Helper()
				m := live[name].until(t, "reset", changeOrReset)
				if m.Type != "reset" || m.Reason != "policy" {
					t.Fatalf("the %s received %s; want a reset", name, m.raw)
				}
			}
			s.apply(t, prices)
			reset("picker")
			reset("stranger")
			insert(1, "1000", "heavy")
			insert(1, "3", "c")
			see("manager", `parcel:created {"id":2,"tenant_id":"$T","warehouse":1,"price":1000,"label":"heavy"}`, `parcel:dear {"id":2}`,
				`parcel:heavy {"id":2,"label":"heavy"}`, `parcel:created {"id":3,"tenant_id":"$T","warehouse":1,"price":3,"label":"c"}`)
			see("picker", `parcel:created {"id":2,"tenant_id":"$T","warehouse":1,"label":"heavy"}`, `parcel:heavy {"id":2,"label":"heavy"}`,
				`parcel:created {"id":3,"tenant_id":"$T","warehouse":1,"label":"c"}`)
			for _, text := range live["picker"].heard[1:] {
				if strings.Contains(text, "1000") {
					t.Errorf("the picker received %s", text)
				}
			}
			if _, tag, tagged := strings.Cut(live["picker"].cursor, "~"); !tagged || len(tag) < 8 {
				t.Errorf("the cursor of the picker is %s", live["picker"].cursor)
			}
			if strings.Contains(live["manager"].cursor, "~") {
				t.Errorf("the cursor of the manager is %s", live["manager"].cursor)
			}

			// A cursor continues the view that it is of, on any server, and no other.
			tagged := live["picker"].cursor
			insert(1, "4", "d")
			live["picker"] = l.join(t, servers[0], claiming(t, l.ID, people["picker"]), from(tagged))
			see("picker", `parcel:created {"id":4,"tenant_id":"$T","warehouse":1,"label":"d"}`)
			for who, cursor := range map[string]string{"picker": untagged, "manager": tagged, "stranger": tagged} {
				live[who] = l.join(t, servers[0], claiming(t, l.ID, people[who]), from(cursor)) // which has everything
				reset(who)
			}
			if w.name == "ws" {
				for who, cursor := range map[string]string{"picker": untagged, "manager": tagged} {
					r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+servers[0].Address()+"/history?"+url.Values{"tenant": {l.ID}, "after": {cursor}}.Encode(), nil)
					if err != nil {
						t.Fatal(err)
					}
					r.Header.Set("Authorization", "Bearer "+tokenWith(t, l.ID, people[who]))
					answer, err := http.DefaultClient.Do(r)
					if err != nil {
						t.Fatal(err)
					}
					var problem struct{ Code string }
					err = json.NewDecoder(answer.Body).Decode(&problem)
					_ = answer.Body.Close()
					if err != nil || answer.StatusCode != http.StatusGone || problem.Code != "policy" {
						t.Errorf("the history after the cursor of another view is %s, %+v, %v", answer.Status, problem, err)
					}
				}
				body := getWith(t, servers[0], tokenWith(t, l.ID, people["picker"]), "/history?tenant="+l.ID)
				if text := string(body); strings.Contains(text, "price") || strings.Contains(text, "dear") || strings.Count(text, "parcel:created") != 4 || !strings.Contains(text, "~") {
					t.Errorf("the history of the picker is %s", text)
				}
				if text := string(getWith(t, servers[0], tokenWith(t, l.ID, nil), "/history?tenant="+l.ID)); strings.Contains(text, "parcel") {
					t.Errorf("the history of a stranger is %s", text)
				}
			}

			// A policy that needs claims that were not kept has clients come back.
			s.apply(t, strings.ReplaceAll(prices, "picker: {columns: {except: [price]}}", "picker: {columns: {except: [price]}, rows: row.warehouse == claims.warehouse}"))
			if e := l.ends(t, live["picker"], "policy-changed"); e.code == "policy-changed" && e.hint > time.Minute {
				t.Errorf("the picker is to come back in %s", e.hint)
			}
			live["picker"] = l.join(t, servers[1], claiming(t, l.ID, map[string]any{"role": "picker", "warehouse": 2}))
			clerk := l.join(t, servers[0], claiming(t, l.ID, map[string]any{"role": []string{"clerk", "none"}, "warehouses": []int{1, 3}}))
			insert(1, "5", "e")
			insert(2, "6", "f")
			insert(3, "7", "g")
			see("picker", `parcel:created {"id":6,"tenant_id":"$T","warehouse":2,"label":"f"}`)
			live["clerk"] = clerk
			if w.name == "ws" {
				f := l.join(t, servers[0], claiming(t, l.ID, nil), func(q *request) { q.events = []string{"parcel:*"} })
				if hint := f.joined.raw; !strings.Contains(hint, "no table that is watched has events parcel:*") || strings.Count(hint, "parcel") != 2 {
					t.Errorf("a stranger that asks for the table receives %s", hint)
				}
				for filter, want := range map[string]string{`{"parcel":{"price":1}}`: "bad-request", `{"parcel":{"label":"a"}}`: ""} {
					_, err := l.tryJoin(t, servers[1], claiming(t, l.ID, map[string]any{"role": "clerk", "warehouses": []int{}}), where(filter))
					if refused, _ := errors.AsType[*refusal](err); (refused == nil) != (want == "") || refused != nil && refused.code != want {
						t.Errorf("a clerk that filters by %s: %v; want %q", filter, err, want)
					}
				}
				if _, err := l.tryJoin(t, servers[1], claiming(t, l.ID, nil), where(`{"parcel":{"label":"a"}}`)); err == nil {
					t.Error("a stranger filters rows of the table")
				}
			}
			see("clerk", `parcel:created {"id":5,"tenant_id":"$T","warehouse":1,"label":"e"}`, `parcel:created {"id":7,"tenant_id":"$T","warehouse":3,"label":"g"}`)
			l.Exec(t, `update parcels set warehouse = 2, price = 8 where tenant_id = $1 and id = 5`)
			m := clerk.events(t, 1)[0]
			if m.Match != "left" || strings.Contains(m.raw, "changed") || strings.Contains(m.raw, "price") {
				t.Errorf("the clerk received %s", m.raw)
			}
			m = live["picker"].events(t, 1)[0]
			if m.Match != "entered" || strings.Contains(m.raw, "changed") || strings.Contains(m.raw, "price") {
				t.Errorf("the picker received %s", m.raw)
			}
			see("manager", `parcel:created {"id":5,"tenant_id":"$T","warehouse":1,"price":5,"label":"e"}`)

			if !pgtest.Query[bool](t, s.DB, `select rowcast.drop_policy()`) {
				t.Error("there was no policy")
			}
			reset("picker")
			reset("clerk")
			insert(9, "9", "h")
			see("clerk", `parcel:created {"id":8,"tenant_id":"$T","warehouse":9,"price":9,"label":"h"}`)
		})
	}
}

// TestRecoveryUnderAPolicy: a Socket.IO client recovers the view that it had, and no other.
func TestRecoveryUnderAPolicy(t *testing.T) {
	t.Parallel()
	s := newShared(t)
	pgtest.Exec(t, s.DB, parcels, `select rowcast.watch('parcels', name => 'parcel')`)
	s.pair(recoveries[0]) // which settle it
	s.apply(t, prices)
	onEvery(t, s, recoveries, func(t *testing.T, l *line) {
		servers := l.servers()
		f := l.join(t, servers[0], claiming(t, l.ID, inRole("picker")))
		l.Exec(t, `insert into parcels values (1, $1, 1, 5, 'a')`)
		first := f.events(t, 1)[0]
		l.Exec(t, `insert into parcels values (2, $1, 1, 777777, 'b')`)
		f.events(t, 1)
		again := l.join(t, servers[1], claiming(t, l.ID, inRole("picker")), from(first.Cursor))
		if m := again.events(t, 1)[0]; m.Position != first.Position+1 || strings.Contains(m.raw, "777777") {
			t.Errorf("recovered with %s", m.raw)
		}
		if _, err := l.tryJoin(t, servers[1], claiming(t, l.ID, inRole("manager")), from(first.Cursor)); err == nil || !strings.Contains(err.Error(), "has not recovered") {
			t.Errorf("the cursor of another view: %v; want a client that has not recovered", err)
		}
	})
}

// TestPolicyAndRowBackToBack: a policy that hides a row becomes active, and the row is
// committed at once. No server sends it by the policy before. A client whose view stays the
// same receives every row, without a reset.
func TestPolicyAndRowBackToBack(t *testing.T) {
	t.Parallel()
	l := parcelLine(t, wires[0])
	s := l.shared
	servers := l.servers()
	// A policy as it is applied and as servers store it, but for the row up to which it hides.
	const hides, row = "tables: {parcel: {roles: {manager: {}, picker: {rows: row.id > 987654321}}}}", "987654321"
	s.apply(t, hides)
	stored := pgtest.Query[string](t, s.DB, `select resolved::text from rowcast.policy where state = 'active'`)
	watched := pgtest.Query[[]int32](t, s.DB, `select watched from rowcast.policy where state = 'active'`)
	type end struct {
		got, resets int
		err         error
	}
	ends := make(chan end)
	follow := func(f *client, picks bool) {
		var e end
		for last := false; !last && e.err == nil; {
			m, err := f.next()
			switch {
			case err != nil:
				e.err = err
			case m.Type == "reset":
				e.resets++
			case change(m):
				e.got++
				last = strings.Contains(m.raw, `"label":"last"`)
				if picks && !last {
					e.err = fmt.Errorf("received what the policy hides: %s", m.raw)
				}
			}
		}
		ends <- e
	}
	for _, server := range servers {
		go follow(l.join(t, server, claiming(t, l.ID, inRole("picker"))), true)
		go follow(l.join(t, server, claiming(t, l.ID, inRole("manager"))), false)
	}
	for n := range *policies {
		id := fmt.Sprint(n)
		tx, err := s.DB.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var version int64
		var active bool
		err = tx.QueryRow(t.Context(), `select rowcast.apply_policy($1)`, strings.ReplaceAll(hides, row, id)).Scan(&version)
		if err == nil {
			err = tx.QueryRow(t.Context(), `select rowcast.activate_policy($1, $2, $3)`, version, strings.ReplaceAll(stored, row, id), watched).Scan(&active)
		}
		if err := errors.Join(err, tx.Commit(t.Context())); err != nil || !active {
			t.Fatal(active, err)
		}
		l.Exec(t, fmt.Sprintf(`insert into parcels values (%d, $1, 1, 1, 'hidden')`, n))
	}
	// What comes now is hidden from nobody.
	deadline := time.After(5 * time.Minute) // ends a hung test
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var all []end
	for n := *policies; len(all) < 4; n++ {
		select {
		case e := <-ends:
			all = append(all, e)
		case <-tick.C: // one that was just reset begins after what was written meanwhile
			l.Exec(t, fmt.Sprintf(`insert into parcels values (%d, $1, 1, 1, 'last')`, n))
		case <-deadline:
			t.Fatal("the clients do not receive the end")
		}
	}
	whole := 0
	for _, e := range all {
		if e.err != nil {
			t.Error(e.err)
		}
		if e.got == *policies+1 && e.resets == 0 {
			whole++
		}
	}
	if whole != 2 {
		t.Errorf("the managers did not receive all %d rows without a reset: %+v", *policies, all)
	}
	t.Logf("%d policies: %+v", *policies, all)
}

// TestFreshTokenOfAnotherRole: a client that sends a fresh token with another role is reset,
// and sees what that role sees. With the same role it goes on.
func TestFreshTokenOfAnotherRole(t *testing.T) {
	t.Parallel()
	l := parcelLine(t, wires[0])
	s := l.shared
	server := l.servers()[0]
	s.apply(t, prices)
	f := l.join(t, server, claiming(t, l.ID, inRole("picker")))
	renew := func(claims map[string]any) {
		t.Helper()
		feed, native := f.conn.(*native)
		if !native {
			t.Fatal("not the WebSocket")
		}
		if err := feed.WriteJSON(map[string]string{"type": "auth", "token": tokenWith(t, l.ID, claims)}); err != nil {
			t.Fatal(err)
		}
	}
	for n, step := range []struct {
		role   string
		resets bool
	}{{"picker", false}, {"manager", true}, {"manager", false}, {"picker", true}} {
		renew(inRole(step.role))
		if step.resets {
			m := f.until(t, "reset", changeOrReset)
			if m.Type != "reset" || m.Reason != "policy" {
				t.Fatalf("step %d: received %s; want a reset", n, m.raw)
			}
		}
		l.Exec(t, fmt.Sprintf(`insert into parcels values (%d, $1, 1, 5, 'a')`, n))
		m := f.until(t, "row", changeOrReset)
		if m.Event != "parcel:created" || strings.Contains(m.raw, "price") != (step.role == "manager") {
			t.Fatalf("step %d: a %s received %s", n, step.role, m.raw)
		}
	}
}

// TestUnusablePolicy: a server that cannot read the policy in force shows nobody anything,
// is not ready, and says why, until there is another one.
func TestUnusablePolicy(t *testing.T) {
	t.Parallel()
	l := parcelLine(t, wires[0])
	s := l.shared
	server := l.servers()[0]
	s.apply(t, prices)
	f := l.join(t, server, claiming(t, l.ID, inRole("manager")))
	pgtest.Exec(t, s.DB, `update rowcast.policy set resolved = '{"version":99}' where state = 'active'`, `select rowcast.rules_changed()`)
	servetest.Eventually(t, "server that is not ready", func() bool {
		status, body := server.Get(t, "/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "policy-unusable")
	})
	if m := f.until(t, "reset", changeOrReset); m.Type != "reset" {
		t.Fatalf("received %s", m.raw)
	}
	l.Exec(t, `insert into parcels values (1, $1, 1, 5, 'a')`)
	s.apply(t, prices)
	if m := f.until(t, "reset", changeOrReset); m.Type != "reset" {
		t.Fatalf("received %s", m.raw)
	}
	l.Exec(t, `insert into parcels values (2, $1, 1, 5, 'b')`)
	if m := f.events(t, 1)[0]; !strings.Contains(m.raw, `"id":2`) {
		t.Errorf("received %s", m.raw)
	}
	if status, body := server.Get(t, "/readyz"); status != http.StatusOK {
		t.Errorf("with a good policy the server is not ready: %s", body)
	}
}

// TestPolicyFollowsColumns: what comes under the name of a column that a role sees, and is
// another column, is withheld although nobody has applied anything.
func TestPolicyFollowsColumns(t *testing.T) {
	t.Parallel()
	l := parcelLine(t, wires[0])
	s := l.shared
	server := l.servers()[0]
	s.apply(t, prices)
	f := l.join(t, server, claiming(t, l.ID, inRole("picker")))
	pgtest.Exec(t, s.DB, `alter table parcels rename label to old`, `alter table parcels rename price to label`)
	for n := 1; ; n++ {
		l.Exec(t, fmt.Sprintf(`insert into parcels values (%d, $1, 1, 5, 'a')`, n))
		if m := f.until(t, "row", changeOrReset); m.Type == "reset" || !strings.Contains(m.raw, "label") {
			return
		}
	}
}
