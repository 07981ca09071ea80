package rule

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rowcast/internal/feed/row"
)

// schema has columns of every kind. Those of which the name begins with n may be null.
func schema(t testing.TB) *Schema {
	t.Helper()
	l, err := NewLanguage()
	if err != nil {
		t.Fatal(err)
	}
	var columns []Column
	for _, k := range []Kind{Bool, Int, Numeric, Float, Text, UUID, Enum, Date, Timestamp, TimestampTZ, JSON, Other} {
		columns = append(columns, Column{Name: string(k), Kind: k, NotNull: true}, Column{Name: "n" + string(k), Kind: k})
	}
	columns = append(columns,
		Column{Name: "code", Type: "character(4)", Kind: Text},
		Column{Name: "order-no", Kind: Int}, Column{Name: "package", Kind: Text}, Column{Name: "secret", Kind: Text},
	)
	s, err := l.Schema(columns, []string{"secret"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const sample = `{"bool":true,"int":9007199254740993,"numeric":12345678901234567890.10,"float":1.5,"text":"a\"b","uuid":"0e37df36-f698-11e6-8dd4-cb9ced3df976",` +
	`"enum":"open","date":"2026-01-02","timestamp":"2026-01-02T03:04:05.5","timestamptz":"2026-01-02T03:04:05.678901+00:00",` +
	`"json":{"a":[1,9007199254740993,18446744073709551616],"b":null,"c":1.5,"s":"x"},"other":[1,2],"code":"ab  ","order-no":7,"package":"p",` +
	`"nbool":null,"nint":null,"nnumeric":null,"nfloat":null,"ntext":null,"nuuid":null,"nenum":null,"ndate":null,"ntimestamp":null,"ntimestamptz":null,"njson":null,"nother":null}`

func image(text string) *Image {
	r := row.Scan([]byte(text), nil)
	return &Image{Row: &r}
}

func claims(t testing.TB, text string) Claims {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var c map[string]any
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return NewClaims(c)
}

// ask says what a condition is for the sample: "true", "false", or "error".
func ask(t testing.TB, s *Schema, text, of string) string {
	t.Helper()
	r, wrong := s.Rows(text)
	if wrong != nil {
		t.Errorf("%s is refused: %s", text, wrong)
		return ""
	}
	sees, err := r.Sees(image(of), "T", claims(t, `{"big":9007199254740993,"near":9007199254740992,"huge":18446744073709551616,"list":[5,9007199254740993],"half":1.5,"nil":null,
		"yes":true,"name":"open","app":{"region":"eu"},"https://example.com/region":"eu"}`))
	switch {
	case err != nil:
		return "error"
	case sees:
		return "true"
	}
	return "false"
}

func check(t *testing.T, of string, want map[string]string) {
	t.Helper()
	s := schema(t)
	for result, texts := range want {
		for text := range strings.SplitSeq(texts, "\n") {
			if text = strings.TrimSpace(text); text == "" {
				continue
			}
			if got := ask(t, s, text, of); got != result {
				t.Errorf("%s is %s, want %s", text, got, result)
			}
		}
	}
}

func TestTypes(t *testing.T) {
	t.Parallel()
	check(t, sample, map[string]string{
		"true": `
			row.bool
			row.float > 1 && row.float == 1.5
			row.text == 'a"b' && row.text.startsWith('a')
			row.uuid == '0e37df36-f698-11e6-8dd4-cb9ced3df976'
			row.enum in ['open', 'held'] && row.enum.matches('^o')
			row.date == timestamp('2026-01-02T00:00:00Z') && row.date < row.timestamp
			row.timestamp + duration('1s') > row.timestamptz
			row.timestamptz.getFullYear() == 2026 && row.timestamptz.getHours('Europe/Berlin') == 4
			row.json.a.exists(x, x == 1) && row.json.s == 'x' && has(row.json.s) && !has(row.json.z)
			1 in row.other && size(row.other) == 2
			row.code == 'ab'
			row.` + "`order-no`" + ` == 7 && row.package == 'p'
			tenant == 'T'
			claims.app.region == 'eu' && claims["https://example.com/region"] == "eu" && claims["app"]["region"] == 'eu'
			has(claims.name) && !has(claims.other)
			claims.yes`,
		"error": `
			row.json.z == 1
			claims.name && row.bool
			claims.other == 5
			claims.name
			1 / (row.int - row.int) == 1`,
	})
	for value, want := range map[string]string{
		`"infinity"`: "true", `"-infinity"`: "false", `"12000-01-01T00:00:00+00:00"`: "true", `"0044-03-15T00:00:00+00:00 BC"`: "false",
		`"2026-01-02T03:04:05"`: "true", `5`: "error", `"soon"`: "error",
	} {
		if got := ask(t, schema(t), `row.timestamptz > timestamp('2000-01-01T00:00:00Z')`, `{"timestamptz":`+value+`}`); got != want {
			t.Errorf("%s is %s, want %s", value, got, want)
		}
	}
	for _, other := range []string{`{"int":1.5}`, `{"int":"x"}`, `{"int":99999999999999999999}`} {
		if got := ask(t, schema(t), `row.int == 1`, other); got != "error" {
			t.Errorf("%s is %s, want an error", other, got)
		}
	}
}

func TestNumbersAreExact(t *testing.T) {
	t.Parallel()
	check(t, sample, map[string]string{
		"true": `
			row.int == 9007199254740993 && row.int == claims.big && row.int in claims.list && row.int != claims.near
			row.json.a[1] == row.int && row.json.a[1] == claims.big && row.json.a[2] == claims.huge && claims.huge == row.json.a[2]
			num(row.numeric) == num('12345678901234567890.1') && num(row.numeric) > num('12345678901234567890.09')
			num(row.numeric) > 5 && 5 < num(row.numeric) && num(row.numeric) >= 1.5 && 1.5 <= num(row.numeric)
			row.numeric == row.numeric && claims.huge > 5 && 5 < claims.huge
			num(row.float) == num(1.5) && num(claims.half) == num('1.50')
			num('NaN') > num('Infinity') && num('NaN') == num('NaN') && num('-Infinity') < num(0)`,
		"false": `
			row.int == claims.near
			row.int in [9007199254740992]
			claims.huge == 18446744073709551615u
			num(row.numeric) < num('12345678901234567890.1')
			num(1.0/0.0) < num(5)`,
		"error": `
			num('x') > 5
			num(claims.app) > 5`,
	})
}

// TestNull: null under another operator than == is false, whatever is around it.
func TestNull(t *testing.T) {
	t.Parallel()
	check(t, sample, map[string]string{
		"true": `
			row.nint == null && null == row.nint && claims.nil == null && row.nnumeric == null && row.ndate == null && row.njson == null
			!(row.nint > 5) && !(row.nint < 5) && !(5 >= row.nint) && !(row.nint != 5) && !(5 != row.nint)
			row.nint > 5 || row.bool
			row.bool || row.nint > 5
			row.nbool || row.bool
			row.bool || row.nbool
			!(row.nbool && row.bool)
			(row.nbool ? 1 : 2) == 2
			!(row.bool ? row.nbool : true) || true
			row.nnumeric == row.nnumeric && num(row.nnumeric) == null
			!(row.nint in [1, 2]) && !(row.ntext in ['a']) && !('a' in row.njson)
			!(row.ntext.startsWith('a')) && !row.ntext.matches('a') && !row.ntext.contains('a') && !(row.ntext.matches(row.text))
			!(row.nint + 1 > 0) && !(row.nint + 1 + 1 + 1 < 0) && !(size(row.ntext) > 0)
			!(num(row.nnumeric) > 5) && !(row.ndate > row.date) && !(row.nfloat < 1.0)
			!(row.ntimestamp.getFullYear() > 1)
			[1, 2].exists(x, x == 1 || row.nbool)
			!(claims.nil > 5) && !(claims.nil && true)`,
		"false": `
			row.nbool
			row.nbool && row.bool
			row.bool && row.nbool
			row.bool ? row.nbool : true
			!row.nbool
			row.nint != 5
			row.nint != row.int
			row.nint != null
			row.nint != row.nint
			row.nint > 5
			row.nint in [1]
			[1, 2].all(x, row.nbool)
			claims.nil != 5
			claims.nil`,
	})
}

// TestAbsent: what an image lacks is an error; what the rest of it has is no lack.
func TestAbsent(t *testing.T) {
	t.Parallel()
	check(t, `{"int":1}`, map[string]string{
		"error": `
			row.ntext == null
			row.ntext != null
			row.nbool
			row.nbool || row.int == 2
			!(row.nint > 5)`,
		"true": `row.nbool || row.int == 1`,
	})
	rule, wrong := schema(t).Rows("row.int == 1 && row.text == 'old'")
	if wrong != nil {
		t.Fatal(wrong)
	}
	completed := image(`{"text":"old"}`)
	completed.Rest = image(`{"int":1,"text":"new"}`).Row
	if sees, err := rule.Sees(completed, "T", claims(t, `{}`)); !sees || err != nil {
		t.Errorf("a completed row: %t, %v", sees, err)
	}
}

func TestWhen(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for _, test := range []struct {
		text, row, old, op, want string
	}{
		{"old == null", `{"int":1}`, ``, "insert", "true"},
		{"old == null", `{"int":1}`, `{"int":1}`, "update", "false"},
		{"old != null && old.int == 1 && row.int == 2", `{"int":2}`, `{"int":1}`, "update", "true"},
		{"old != null && old.int == 1", `{"int":2}`, ``, "insert", "false"},
		{"old.int == 1", `{"int":2}`, ``, "insert", "error"},
		{"op == 'delete' && tenant == 'T'", `{"int":2}`, `{"int":2}`, "delete", "true"},
	} {
		r, wrong := s.When(test.text)
		if wrong != nil {
			t.Fatalf("%s: %s", test.text, wrong)
		}
		var old *Image
		if test.old != "" {
			old = image(test.old)
		}
		happens, err := r.Happens(image(test.row), old, test.op, "T")
		got := map[bool]string{true: "true", false: "false"}[happens]
		if err != nil {
			got = "error"
		}
		if got != test.want {
			t.Errorf("%s with %s and %s is %s, want %s", test.text, test.row, test.old, got, test.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := schema(t)
	for text, want := range map[string]string{
		"row.int ==":                        "at 1:11: Syntax error",
		"row.into == 1":                     `at 1:4: there is no column "into"; there are: bool, code, date`,
		"row.secret == 'x'":                 `at 1:4: the column "secret" is excluded from capture`,
		"row.int == 'x'":                    "at 1:9: found no matching overload for '_==_' applied to '(int, string)'",
		"row.int == null":                   "applied to '(int, null)'",
		"row.numeric > 5":                   "a numeric is compared by num, as in num(row.total) > 5",
		"row.int":                           "it has to be true or false, and it is of type int",
		"row.text.matches('[')":             "no pattern",
		"row == row":                        "at 1:1: row is used by its columns, as in row.id",
		"dyn(row).int == 1":                 "row is used by its columns",
		"row['int'] == 1":                   "write row.int",
		"has(row.nint)":                     "every row has its columns; ask row.nint != null",
		"old.int == 1":                      "rows is asked of one row",
		"op == 'insert'":                    "it has no op",
		"claims == {}":                      "claims are used by their names",
		"claims[tenant] == 1":               "claims are used by their names",
		"'x' in claims":                     "has(claims.region) asks whether there is one",
		"claims.exp > 5":                    "exp is another in each token",
		"claims['jti'] == 'x'":              "jti is another in each token",
		"has(claims.iat)":                   "iat is another in each token",
		"claims.nbf.x == 1":                 "nbf is another in each token",
		"row.date > now()":                  "undeclared reference to 'now'",
		"row.date > now":                    "there is no clock",
		"claims.list.exists(row, row == 1)": `"row" is a variable already`,
		"google.protobuf.Int32Value{} == 1": "objects of a type cannot be made",
		"other.int == 1":                    "undeclared reference to 'other'",
		strings.Repeat("[", 200) + strings.Repeat("]", 200): "expression recursion limit exceeded: 100",
		"'" + strings.Repeat("x", 17000):                    "expression code point size exceeds limit",
		"row.bool && row.into == 1 || x.y()":                `there is no column "into"`,
	} {
		if r, wrong := s.Rows(text); r != nil || !strings.Contains(strings.Join(wrong, "\n"), want) {
			t.Errorf("%.60s: %q; want %s", text, wrong, want)
		}
	}
	for text, want := range map[string]string{
		"claims.role == 'x'": "an event is the same for everybody",
		"dyn(old).int == 1":  "old is used by its columns, as in old.id, or compared with null",
		"old == row":         "old is used by its columns",
		"has(old.nint)":      "ask old.nint != null",
		"old.into == 1":      `there is no column "into"`,
	} {
		if r, wrong := s.When(text); r != nil || !strings.Contains(strings.Join(wrong, "\n"), want) {
			t.Errorf("%s: %q; want %s", text, wrong, want)
		}
	}
}

// TestCost: what grows with the values is stopped, in the midst of it.
func TestCost(t *testing.T) {
	t.Parallel()
	long := `{"ntext":"` + strings.Repeat("x", 200_000) + `","text":"` + strings.Repeat("7", 200_000) + `","json":[` + strings.Repeat("1,", 5000) + `1],"other":"` + strings.Repeat("x", 70_000) + `"}`
	check(t, long, map[string]string{
		"error": `
			row.json.exists(x, x == 2)
			row.text.contains('yyyyyyyyyyyyyyyyyyyy')
			row.json.all(x, row.json.exists(y, y == x))
			row.other == 'x'
			row.text.matches('^x+$')
			row.text.matches(row.text)
			[1, 2, 3, 4, 5].exists(x, row.text.size() == x)
			[1, 2, 3, 4, 5].exists(x, size(row.text) == x)
			[1, 2, 3, 4, 5].exists(x, num(row.text) == num(x))`,
		"true":  `row.ntext != null && row.json[5000] == 1`,
		"false": `row.text == 'x'`,
	})
}

func TestUses(t *testing.T) {
	t.Parallel()
	s := schema(t)
	r, wrong := s.Rows(`row.int in claims.list && (row.text == claims.app.region || row.text == claims["a"]["b"][0].c || row.int == 5 || claims.list.exists(x, x == row.nint))`)
	if wrong != nil {
		t.Fatal(wrong)
	}
	if diff := cmp.Diff([]string{"int", "nint", "text"}, r.Columns()); diff != "" {
		t.Error(diff)
	}
	var paths []string
	for _, p := range r.Claims() {
		paths = append(paths, strings.Join(p, "."))
	}
	if diff := cmp.Diff([]string{"a.b", "app.region", "list"}, slices.Compact(slices.Sorted(slices.Values(paths)))); diff != "" {
		t.Error(diff)
	}
	if r, wrong = s.When("old.int != row.nint"); wrong != nil || !r.Old() || !slices.Equal(r.Columns(), []string{"int", "nint"}) {
		t.Errorf("%s %+v", wrong, r)
	}
}

func TestPick(t *testing.T) {
	t.Parallel()
	all := map[string]any{"a": map[string]any{"b": 1, "c": map[string]any{"d": 2, "e": nil}}, "f": []any{1}, "g": 3}
	for _, test := range []struct {
		paths [][]string
		want  map[string]any
	}{
		{nil, map[string]any{}},
		{[][]string{{"a", "b"}, {"a", "c", "e"}, {"x"}, {"a", "x"}}, map[string]any{"a": map[string]any{"b": 1, "c": map[string]any{"e": nil}}}},
		{[][]string{{"a", "c", "d"}, {"a", "c"}}, map[string]any{"a": map[string]any{"c": map[string]any{"d": 2, "e": nil}}}},
		{[][]string{{"f", "z"}, {"g"}, {"a", "b", "z"}}, map[string]any{"f": []any{1}, "g": 3, "a": map[string]any{"b": 1}}},
	} {
		if diff := cmp.Diff(test.want, Pick(all, test.paths)); diff != "" {
			t.Errorf("%v: %s", test.paths, diff)
		}
	}
}

func BenchmarkSees(b *testing.B) {
	s := schema(b)
	for name, text := range map[string]string{
		"equal": "row.int == 5", "in-claims": "row.int in claims.list", "two": "row.enum == 'open' && row.int in claims.list", "text": "row.text == 'x'",
	} {
		r, wrong := s.Rows(text)
		if wrong != nil {
			b.Fatal(wrong)
		}
		i, c := image(sample), claims(b, `{"list":[5,9007199254740993]}`)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Sees(i, "T", c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestRandomConditions puts words of the language together at random. What compiles can
// be asked, and no panic is inside of it.
func TestRandomConditions(t *testing.T) {
	t.Parallel()
	s := schema(t)
	words := strings.Fields(`row.int row.nint row.bool row.nbool row.text row.ntext row.numeric row.nnumeric row.json row.njson row.other row.date row.ndate row.float
		row.json.a claims claims.list claims.big claims.app.region claims.nil claims["list"] tenant old old.int row op has( num( size( dyn( string( int( double( timestamp( type(
		duration( .exists(x, .all(x, .map(x, .filter(x, .exists_one(x, .matches( .contains( .startsWith( .getFullYear() .size() x [ ] [0] ( ) { } , : ? && || ! - + * / % == != < <= > >= in
		true false null 1 0 -1 1.5 9007199254740993 'x' "open" '2026-01-02T03:04:05Z' '^a' '[' b'x' 1u`)
	known := claims(t, `{"list":[5,"x",null,[1]],"big":9007199254740993,"app":{"region":"eu"},"nil":null}`)
	var loose []Column // as when the columns may be null since
	for _, c := range s.columns {
		loose = append(loose, Column{Name: c.Name, Type: c.Type, Kind: c.Kind})
	}
	l, err := NewLanguage()
	if err != nil {
		t.Fatal(err)
	}
	nullable, err := l.Schema(loose, nil)
	if err != nil {
		t.Fatal(err)
	}
	compiled := 0
	rapid.Check(t, func(rt *rapid.T) {
		for range 10 {
			text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 9).Draw(rt, "words"), " ")
			for _, one := range []string{text, "!(" + text + ") || row.bool", "(" + text + ") == null", "dyn(" + text + ") != (" + text + ")"} {
				if r, wrong := s.Rows(one); (r == nil) == (wrong == nil) {
					rt.Fatalf("%s: %v", one, wrong)
				} else if r != nil {
					compiled++
					if _, wrong := nullable.Rows(one); wrong != nil {
						rt.Fatalf("%s is refused where columns may be null: %v", one, wrong)
					}
					_, err := r.Sees(image(sample), "T", known)
					refuseInternal(rt, one, err)
				}
				if r, _ := s.When(one); r != nil {
					_, err := r.Happens(image(sample), nil, "insert", "T")
					refuseInternal(rt, one, err)
				}
			}
		}
	})
	if compiled == 0 {
		t.Error("nothing compiled")
	}
}

func refuseInternal(t *rapid.T, text string, err error) {
	if err != nil && strings.Contains(err.Error(), "internal error") {
		t.Fatalf("%s: %v", text, err)
	}
}
