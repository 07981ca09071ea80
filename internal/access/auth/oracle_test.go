package auth_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"pgregory.net/rapid"

	"rowcast/internal/access/auth"
)

// drawn is a random JSON value, and what is known of it from how it was made.
type drawn struct {
	json string
	// kind is one of absent, null, bool, text, empty, unfit, whole, number, list, object.
	kind string
	// text is the text of a text, or the digits of a number.
	text  string
	items []drawn
	names map[string]drawn
}

// anyValue draws a value of any type; lists and objects hold what is no list.
func anyValue(depth int) *rapid.Generator[drawn] {
	return rapid.Custom(func(t *rapid.T) drawn {
		kinds := []string{"null", "bool", "text", "text", "empty", "unfit", "whole", "number", "list", "object"}
		if depth == 0 {
			kinds = kinds[:len(kinds)-2]
		}
		d := drawn{kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
		switch d.kind {
		case "null":
			d.json = "null"
		case "bool":
			d.text = rapid.SampledFrom([]string{"true", "false"}).Draw(t, "bool")
			d.json = d.text
		case "text":
			d.text = rapid.StringMatching(`[ -~é☃]{1,8}|[a-z]{255}`).Draw(t, "text")
		case "unfit":
			d.text = rapid.SampledFrom([]string{"a\n", "\x00", "\u009b", strings.Repeat("é", 128), strings.Repeat("x", 256)}).Draw(t, "unfit")
		case "whole":
			d.text = rapid.StringMatching(`-?[1-9][0-9]{0,30}|0|[1-9]{255}`).Draw(t, "whole")
			d.json = d.text
		case "number":
			d.text = rapid.StringMatching(`-0|-?[0-9]\.[0-9]{1,5}|[1-9]e[1-9]|-?1e400|[1-9]{256}`).Draw(t, "number")
			d.json = d.text
		case "list":
			d.items = rapid.SliceOfN(anyValue(depth-1), 0, 4).Draw(t, "items")
			var all []string
			for _, item := range d.items {
				all = append(all, item.json)
			}
			d.json = "[" + strings.Join(all, ",") + "]"
		case "object":
			d.names = rapid.MapOfN(rapid.SampledFrom([]string{"", "a", "b c", "é", "a\n"}), anyValue(depth-1), 0, 4).Draw(t, "names")
			var all []string
			for _, name := range slices.Sorted(maps.Keys(d.names)) {
				all = append(all, quote(name)+":"+d.names[name].json)
			}
			d.json = "{" + strings.Join(all, ",") + "}"
		}
		if d.json == "" {
			d.json = quote(d.text)
		}
		return d
	})
}

func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func (d drawn) none() bool { return d.kind == "absent" || d.kind == "null" || d.kind == "empty" }

// id is what a subject or the id of a token may be.
func (d drawn) id() (text string, ok bool) {
	switch {
	case d.none():
		return "", true
	case d.kind == "text", (d.kind == "whole" || d.kind == "number") && len(d.text) <= 255:
		return d.text, true
	}
	return "", false
}

// tenants is what a claim for tenants may be.
func (d drawn) tenants() (all []string, ok bool) {
	switch {
	case d.none():
		return nil, true
	case d.kind == "text" || d.kind == "whole" && len(d.text) <= 255:
		return []string{d.text}, true
	case d.kind == "list":
		for _, item := range d.items {
			some, ok := item.tenants()
			if !ok || item.kind == "list" || item.kind == "object" {
				return nil, false
			}
			all = append(all, some...)
		}
		return all, true
	case d.kind == "object":
		for name, value := range d.names {
			if name == "" || value.kind == "null" || value.text == "false" && value.kind == "bool" {
				continue
			}
			if strings.Contains(name, "\n") {
				return nil, false
			}
			all = append(all, name)
		}
		return all, true
	}
	return nil, false
}

// anyClaim draws what may be absent, too.
func anyClaim() *rapid.Generator[drawn] {
	return rapid.OneOf(rapid.Just(drawn{kind: "absent"}), anyValue(2), anyValue(2), anyValue(2))
}

// date draws a date around now, or anything if it may be odd. seconds is nil if there is none.
func date(t *rapid.T, now int64, name string, odd bool) (d drawn, seconds *big.Float, ok bool) {
	switch {
	case !odd && name == "exp":
		d = drawn{kind: "whole", text: strconv.FormatInt(now+60, 10)}
		d.json = d.text
	case !odd:
		return drawn{kind: "absent"}, nil, true
	case rapid.Bool().Draw(t, name+" is near"):
		n := now + rapid.SampledFrom([]int64{-1e9, -3601, -61, -60, -1, 0, 1, 60, 61, 660, 661, 7200, 1e9}).Draw(t, name)
		d = drawn{json: strconv.FormatInt(n, 10), kind: "whole", text: strconv.FormatInt(n, 10)}
	default:
		d = anyClaim().Draw(t, name)
	}
	switch d.kind {
	case "absent", "null":
		return d, nil, true
	case "whole", "number":
		f, _, err := big.ParseFloat(d.text, 10, 2000, big.ToZero)
		if err != nil {
			t.Fatal(err)
		}
		return d, f, f.Cmp(big.NewFloat(253402300799)) <= 0
	}
	return d, nil, false
}

// TestAnyClaims: of claims of any type, the token is accepted exactly if those that
// are used can be read, and gives exactly what they say.
func TestAnyClaims(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	v := newVerifier(t, auth.Options{Secret: []byte(secret), Now: func() time.Time { return now }, Leeway: time.Minute})
	one := func(t *rapid.T) {
		var claims []string
		put := func(name string, d drawn) drawn {
			if d.kind != "absent" {
				claims = append(claims, quote(name)+":"+d.json)
			}
			return d
		}
		odd := rapid.SliceOfN(rapid.SampledFrom([]string{"sub", "jti", "tenant_id", "tenantId", "tenants", "dates"}), 1, 2).Draw(t, "odd")
		some := func(name string) drawn {
			if !slices.Contains(odd, name) {
				return put(name, drawn{json: `"T"`, kind: "text", text: "T"})
			}
			return put(name, anyClaim().Draw(t, name))
		}
		for _, unused := range []string{"iss", "aud", "name", "role", "scope", "tenant", "Tenant_id"} {
			put(unused, anyClaim().Draw(t, unused))
		}
		subject, okSubject := some("sub").id()
		id, okID := some("jti").id()
		var tenants []string
		readable := okSubject && okID
		for _, name := range []string{"tenant_id", "tenantId", "tenants"} {
			found, ok := some(name).tenants()
			readable = readable && ok
			tenants = append(tenants, found...)
		}
		times := map[string]*big.Float{}
		for _, name := range []string{"exp", "iat", "nbf"} {
			d, seconds, ok := date(t, now.Unix(), name, slices.Contains(odd, "dates"))
			put(name, d)
			readable = readable && ok
			times[name] = seconds
		}
		after := func(name string, seconds int64) bool {
			if times[name] == nil {
				return false
			}
			whole, _ := times[name].Int64() // towards 0
			return whole > seconds
		}
		var want error
		switch n := now.Unix(); {
		case !readable || times["exp"] == nil || after("iat", n+660) || after("nbf", n+660):
			want = auth.ErrInvalid
		case !after("exp", n):
			want = auth.ErrExpired
		case after("iat", n+60) || after("nbf", n+60):
			want = auth.ErrUnavailable
		}
		got, err := v.Verify(t.Context(), signOn(t, "{"+strings.Join(claims, ",")+"}"))
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Fatalf("error %v, want %v", err, want)
		}
		if err != nil {
			return
		}
		slices.Sort(tenants)
		tenants = slices.Compact(tenants)
		slices.Sort(got.Tenants)
		if got.Subject != subject || got.TokenID != id || !slices.Equal(got.Tenants, tenants) || got.Expires.Unix() <= now.Unix() {
			t.Fatalf("identity %+v, want subject %q, id %q, tenants %q", got, subject, id, tenants)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		for range 10 {
			one(t)
		}
	})
}

func signOn(t *rapid.T, claims string) string {
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, rawClaims(claims))
	signed, err := token.SignedString([]byte(secret))
	if err != nil {
		t.Fatal(fmt.Errorf("sign %s: %w", claims, err))
	}
	return signed
}
