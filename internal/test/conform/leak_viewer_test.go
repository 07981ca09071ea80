package conform_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"rowcast/internal/test/servetest"
)

// viewer is who follows: the token, and what the client asks for.
type viewer struct {
	name string
	// subject is empty for a token without one.
	subject string
	roles   []string
	claims  map[string]any
	wish    *wish
	// stems, if not nil, are patterns of events.
	events []string
}

// wish is a filter of rows, as clients write it and in SQL.
type wish struct {
	json    string
	stem    string
	columns []string
	// sql is asked of a row of which columns are seen.
	sql func(alias, seen string) string
}

// viewers draws some, the first two of one subject.
func (d drawing) viewers(w *table) (all []*viewer) {
	subjects := readers["text"]
	if w.audType != "" {
		subjects = readers[w.audType]
	}
	for i := range 5 {
		v := &viewer{name: fmt.Sprintf("v%d", i), subject: subjects[i/2%2]}
		switch i {
		case 0:
			v.roles = []string{"a"}
		case 1:
			v.roles = []string{"b", "c"}
		default:
			v.roles = some(d, []string{"a", "b", "c", "d", "*"})
		}
		if i == 4 && d.chance(2) {
			v.subject = ""
		}
		if w.audType == "uuid" && d.chance(2) {
			v.subject = strings.ToUpper(v.subject)
		}
		v.claims = map[string]any{
			"house": pick[any](d, int64(5), int64(6), int64(9007199254740993)), "state": pick(d, states[:2]...),
			"list": pick[any](d, []any{int64(5), "open"}, []any{int64(6), int64(9007199254740993), "held", "closed"}, []any{}), "me": pick(d, owners...),
		}
		for _, name := range []string{"house", "state", "list", "me"} {
			if d.chance(8) {
				delete(v.claims, name)
			}
		}
		all = append(all, v)
	}
	return all
}

// wants draws what the viewers ask for by a policy.
func (d drawing) wants(w *table, r *rules, all []*viewer) {
	for i, v := range all {
		v.wish, v.events = nil, nil
		if given, whole := r.grants(w, v); i > 1 && (whole || given != nil) && d.chance(2) {
			v.wish = d.wish(w, r.known(w, v))
		}
		if i > 1 && d.chance(5) {
			v.events = []string{w.stem + ":*", "fence:*"}
		}
	}
}

// known are the columns that a viewer may know of.
func (r *rules) known(w *table, s *viewer) (names []string) {
	given, all := r.grants(w, s)
	for _, c := range w.captured() {
		if all || slices.ContainsFunc(given, func(g grant) bool { return slices.Contains(g.columns, c) }) {
			names = append(names, c)
		}
	}
	return names
}

// wish draws a filter on columns that a viewer may know of.
func (d drawing) wish(w *table, known []string) *wish {
	var columns []column
	for _, c := range w.columns {
		if slices.Contains(known, c.name) {
			columns = append(columns, c)
		}
	}
	var forms []map[string]any
	var sql []func(alias, seen string) string
	asked := &wish{stem: w.stem}
	for range 1 + d.IntN(2) {
		all := map[string]any{}
		var parts []func(alias, seen string) string
		for _, c := range some(d, columns) {
			if len(parts) == 2 {
				break
			}
			form, condition := d.asks(c)
			if form == forNothing {
				continue
			}
			all[c.name] = form
			asked.columns = append(asked.columns, c.name)
			parts = append(parts, func(alias, seen string) string {
				value := fmt.Sprintf("(case when %[1]s @> '{*}' or '%[2]s' = any (%[1]s) then %[3]s.%[2]s end)", seen, c.name, alias)
				return "coalesce(" + strings.ReplaceAll(condition, "%s", value) + ", false)"
			})
		}
		forms = append(forms, all)
		sql = append(sql, func(alias, seen string) string {
			text := "true"
			for _, part := range parts {
				text += " and " + part(alias, seen)
			}
			return "(" + text + ")"
		})
	}
	asked.json = text(map[string]any{w.stem: forms})
	asked.sql = func(alias, seen string) string {
		var texts []string
		for _, one := range sql {
			texts = append(texts, one(alias, seen))
		}
		return "(" + strings.Join(texts, " or ") + ")"
	}
	return asked
}

// forNothing is the form of a column that is not asked for.
const forNothing = "nothing"

// asks draws what a filter asks of a column, and the SQL about its value, %s.
func (d drawing) asks(c column) (form any, sql string) {
	if d.chance(6) {
		if d.chance(2) {
			return nil, "%s is null"
		}
		return map[string]any{"ne": nil}, "%s is not null"
	}
	const big = "9007199254740993"
	switch c.kind {
	case kindInt, kindKey:
		switch d.IntN(4) {
		case 0:
			return 5, "%s = 5"
		case 1:
			return map[string]any{"in": []any{6, big}}, "%s in (6, " + big + ")"
		case 2:
			return map[string]any{"gte": 6, "lt": big}, "(%s >= 6 and %s < " + big + ")"
		}
		return map[string]any{"ne": big}, "%s <> " + big
	case kindNumeric:
		if d.chance(2) {
			return 100, "%s = 100"
		}
		return map[string]any{"gt": "99.99"}, "%s > 99.99"
	case kindText:
		v := pick(d, states...)
		switch d.IntN(3) {
		case 0:
			return v, "%s = " + quoted(v)
		case 1:
			return map[string]any{"in": []any{v, "open"}}, "%s in ('open', " + quoted(v) + ")"
		}
		return map[string]any{"lte": v}, `%s collate "C" <= ` + quoted(v)
	case kindBool:
		return true, "%s"
	case kindUUID:
		return map[string]any{"ne": owners[0]}, "%s <> " + quoted(owners[0])
	case kindTime:
		return map[string]any{"lt": "2026-06-01T02:00:00+02:00"}, "%s < '2026-06-01T02:00:00+02:00'"
	}
	return forNothing, ""
}

// token is that of the viewer.
func (s *viewer) token(t *testing.T, tenant string) string {
	t.Helper()
	claims := jwt.MapClaims{"exp": time.Now().Add(time.Hour).Unix(), "tenant_id": tenant, "role": s.roles}
	if len(s.roles) == 1 {
		claims["role"] = s.roles[0]
	}
	if s.subject != "" {
		claims["sub"] = s.subject
	}
	maps.Copy(claims, s.claims)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(servetest.Secret))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (s *viewer) String() string {
	text := fmt.Sprintf("%s, sub %q, roles %q, claims %s", s.name, s.subject, s.roles, text(s.claims))
	if s.wish != nil {
		text += ", where " + s.wish.json
	}
	return text
}
