package where_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"rowcast/internal/feed/row"
	"rowcast/internal/view/where"
)

func columns() map[string]where.Column {
	return map[string]where.Column{
		"yes": {Type: "boolean", Kind: where.Alike}, "whole": {Type: "bigint", Kind: where.Number}, "word": {Type: "text", Kind: where.Text}, "doc": {Type: "jsonb"},
	}
}

func marshal(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	all := func(context.Context, []where.Wanted) ([]json.RawMessage, error) { return []json.RawMessage{nil}, nil }
	for text, want := range map[string]string{
		`[]`:                              "where: it has to be an object of stems of events",
		`{"order":{}} {}`:                 "where: something follows the object",
		`{"order:*":{}}`:                  `where.order:*: name the stem alone`,
		`{"order":5}`:                     "where.order[0]: it has to be an object of columns",
		`{"order":[]}`:                    "where.order: it has 0 alternatives; 1 to 8 are allowed",
		`{"order":{},"order":{}}`:         "where.order: it is there twice",
		`{"order":{"a":[1]}}`:             "where.order.a: it has to be a text, a number, true or false",
		`{"order":{"a":{}}}`:              "where.order.a: it has no operator; there are",
		`{"order":{"a":{"like":"x"}}}`:    `where.order.a.like: there is no operator "like"; there are`,
		`{"order":{"a":{"in":5}}}`:        "where.order.a.in: it has to be an array of values",
		`{"order":{"a":{"in":[]}}}`:       "where.order.a.in: it has 0 values; 1 to 100 are allowed",
		`{"order":{"a":{"in":[1,null]}}}`: "where.order.a.in[1]: it has to be a text",
		`{"order":{"a":{"lt":null}}}`:     "where.order.a.lt: null is neither less nor greater",
		`{"order":`:                       "where.order: it is no JSON",
		`{"orders":{}}`:                   "where.orders: there is no such stem; there are: stem",
		`{"stem":{"cost":1}}`:             "where.stem.cost: there is no such column; there are: doc, whole, word, yes",
		`{"stem":{"doc":1}}`:              "where.stem.doc: a column of type jsonb cannot be compared with eq",
		`{"stem":{"yes":{"lt":true}}}`:    "where.stem.yes.lt: a column of type boolean cannot be compared with lt",
		`{"stem":{"whole":"x"}}`:          `where.stem.whole: "x" is no value of type bigint`,
		"{\"stem\":{\"word\":\"" + strings.Repeat("x", 9000) + "\"}}": "where: it has 9020 bytes, at most 8192 are allowed",
	} {
		f, err := where.Parse([]byte(text))
		if err == nil {
			_, err = f.Bind(t.Context(), map[string]map[string]where.Column{"stem": columns()}, all)
		}
		if p, ok := errors.AsType[*where.Problem](err); !ok || !strings.HasPrefix(p.Error(), want) {
			t.Errorf("%.60s: %v; want %s", text, err, want)
		}
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{`{"a":{"x":1,"y":"b"},"b":{}}`, `{"b":{},"a":{"y":{"eq":"b"},"x":{"eq":1}}}`, `{"b":[{}],"a":[{"y":"b","x":"1"},{"x":1,"y":"b"}]}`},
		{`{"a":{"x":null}}`, `{"a":{"x":{"eq":null}}}`},
		{`{"a":{"x":{"in":[2,1,2]}}}`, `{"a":{"x":{"in":[1,2]}}}`},
		{`{"a":{"x":{"gt":1,"lt":5}}}`, `{"a":{"x":{"lt":5,"gt":1}}}`},
	} {
		first := ""
		for i, text := range same {
			f, err := where.Parse([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if c := f.Canonical(); i == 0 {
				first = c
			} else if c != first {
				t.Errorf("%s is %s, want %s", text, c, first)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"order":{"a":{"in":[1,"b",true]},"b":null}}`))
	f.Add([]byte(`{"order":[{"a":{"gte":1.5e3}},{"a":{"ne":null}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		parsed, err := where.Parse(text)
		if err != nil {
			return
		}
		values := func(_ context.Context, w []where.Wanted) ([]json.RawMessage, error) {
			list := make([]json.RawMessage, len(w))
			for i := range w {
				list[i] = json.RawMessage(marshal(w[i].Text))
			}
			return list, nil
		}
		if bound, err := parsed.Bind(t.Context(), map[string]map[string]where.Column{"order": columns()}, values); err == nil {
			r := row.Scan([]byte(`{"a":1,"word":"x"}`), nil)
			for _, p := range bound {
				p.Match(&r, nil)
			}
		}
	})
}
