package auth_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"rowcast/internal/access/auth"
)

func TestClaims(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, auth.Options{Secret: []byte(secret), Issuer: "https://id.example.com", Audience: "rowcast"})
	base := map[string]any{"iss": "https://id.example.com", "aud": []string{"other", "rowcast"}}
	long := strings.Repeat("x", 256)
	hour := time.Now().Add(time.Hour).Unix()
	for name, tc := range map[string]struct {
		changes map[string]any
		kind    error // nil when the token is good
		public  string
	}{
		"as they should be":              {},
		"aud a text":                     {changes: map[string]any{"aud": "rowcast"}},
		"optional ones null":             {changes: map[string]any{"name": jwtNull, "role": jwtNull, "tenant_id": jwtNull, "tenants": jwtNull, "jti": jwtNull}},
		"unknown ones of any type":       {changes: map[string]any{"scope": []int{1}, "Tenant_ID": 5, "roles": true}},
		"null":                           {changes: map[string]any{"sub": jwtNull, "jti": jwtNull, "nbf": jwtNull, "iat": jwtNull}},
		"empty":                          {changes: map[string]any{"sub": "", "jti": "", "name": "", "role": "", "tenant_id": ""}},
		"no sub":                         {changes: map[string]any{"sub": nil}},
		"name and role of any type":      {changes: map[string]any{"name": map[string]any{}, "role": 1.5}},
		"name with an escape":            {changes: map[string]any{"name": "\x1b[31mada", "role": []any{"a\x00", []int{1}}}},
		"sub of 256 bytes":               {changes: map[string]any{"sub": long}, kind: auth.ErrInvalid, public: "claim sub must be a text"},
		"sub with a line break":          {changes: map[string]any{"sub": "ada\r\nlevel=error"}, kind: auth.ErrInvalid, public: "claim sub must be a text"},
		"sub a list":                     {changes: map[string]any{"sub": []string{"ada"}}, kind: auth.ErrInvalid, public: "claim sub must be a text"},
		"jti a bool":                     {changes: map[string]any{"jti": true}, kind: auth.ErrInvalid, public: "claim jti must be a text"},
		"no exp":                         {changes: map[string]any{"exp": nil}, kind: auth.ErrInvalid, public: "claim exp is missing"},
		"exp null":                       {changes: map[string]any{"exp": jwtNull}, kind: auth.ErrInvalid, public: "claim exp is missing"},
		"exp a text":                     {changes: map[string]any{"exp": "2099-01-01"}, kind: auth.ErrInvalid, public: "claim exp must be a number of seconds"},
		"exp a text of digits":           {changes: map[string]any{"exp": "99999999999"}, kind: auth.ErrInvalid, public: "claim exp must be a number of seconds"},
		"exp at the end of the calendar": {changes: map[string]any{"exp": 253402300799}},
		"exp beyond the calendar":        {changes: map[string]any{"exp": 253402300800}, kind: auth.ErrInvalid, public: "claim exp lies beyond the year 9999"},
		"exp of all bits":                {changes: map[string]any{"exp": json.Number("9223372036854775807")}, kind: auth.ErrInvalid, public: "claim exp lies beyond the year 9999"},
		"exp beyond every float":         {changes: map[string]any{"exp": json.Number("1e400")}, kind: auth.ErrInvalid, public: "claim exp lies beyond the year 9999"},
		"exp beyond a long":              {changes: map[string]any{"exp": 1e19}, kind: auth.ErrInvalid, public: "claim exp lies beyond the year 9999"},
		"exp far below zero":             {changes: map[string]any{"exp": -1e19}, kind: auth.ErrExpired, public: "token has expired"},
		"iat beyond a long":              {changes: map[string]any{"iat": 1e19}, kind: auth.ErrInvalid, public: "claim iat lies beyond the year 9999"},
		"nbf beyond a long":              {changes: map[string]any{"nbf": 1e300}, kind: auth.ErrInvalid, public: "claim nbf lies beyond the year 9999"},
		"exp in milliseconds":            {changes: map[string]any{"exp": hour * 1000}, kind: auth.ErrInvalid, public: "claim exp lies beyond the year 9999"},
		"exp long ago":                   {changes: map[string]any{"exp": 1}, kind: auth.ErrExpired, public: "token has expired"},
		"exp 0":                          {changes: map[string]any{"exp": 0}, kind: auth.ErrExpired, public: "token has expired"},
		"exp negative":                   {changes: map[string]any{"exp": -hour}, kind: auth.ErrExpired, public: "token has expired"},
		"exp before every float":         {changes: map[string]any{"exp": json.Number("-1e400")}, kind: auth.ErrExpired, public: "token has expired"},
		"expired and of another issuer":  {changes: map[string]any{"exp": 1, "iss": "x"}, kind: auth.ErrInvalid, public: "claim iss is not what JWT_ISSUER says"},
		"nbf ahead":                      {changes: map[string]any{"nbf": hour}, kind: auth.ErrInvalid, public: "claim nbf lies in the future"},
		"nbf beyond the calendar":        {changes: map[string]any{"nbf": math.MaxFloat64}, kind: auth.ErrInvalid, public: "claim nbf lies beyond the year 9999"},
		"nbf a text":                     {changes: map[string]any{"nbf": "now"}, kind: auth.ErrInvalid, public: "claim nbf must be a number of seconds"},
		"iat ahead":                      {changes: map[string]any{"iat": hour}, kind: auth.ErrInvalid, public: "claim iat lies in the future"},
		"iat before 1970":                {changes: map[string]any{"iat": -1, "nbf": -1e300}},
		"iat a bool":                     {changes: map[string]any{"iat": true}, kind: auth.ErrInvalid, public: "claim iat must be a number of seconds"},
		"no iss":                         {changes: map[string]any{"iss": nil}, kind: auth.ErrInvalid, public: "claim iss is missing"},
		"iss with a slash more":          {changes: map[string]any{"iss": "https://id.example.com/"}, kind: auth.ErrInvalid, public: "claim iss is not what JWT_ISSUER says"},
		"iss a list":                     {changes: map[string]any{"iss": []string{"https://id.example.com"}}, kind: auth.ErrInvalid, public: "claim iss is not what JWT_ISSUER says"},
		"no aud":                         {changes: map[string]any{"aud": nil}, kind: auth.ErrInvalid, public: "claim aud is missing"},
		"aud empty":                      {changes: map[string]any{"aud": []string{}}, kind: auth.ErrInvalid, public: "claim aud does not hold what JWT_AUDIENCE says"},
		"aud of another":                 {changes: map[string]any{"aud": "rowcaster"}, kind: auth.ErrInvalid, public: "claim aud does not hold what JWT_AUDIENCE says"},
		"aud with a number":              {changes: map[string]any{"aud": []any{"rowcast", 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims := with(base)
			for k, change := range tc.changes {
				switch change {
				case nil:
					delete(claims, k)
				case jwtNull:
					claims[k] = nil
				default:
					claims[k] = change
				}
			}
			_, err := v.Verify(t.Context(), sign(t, jwt.SigningMethodHS256, []byte(secret), nil, claims))
			if !errors.Is(err, tc.kind) {
				t.Fatalf("error %v, want %v", err, tc.kind)
			}
			if err != nil && !strings.HasPrefix(auth.PublicText(err), tc.public) {
				t.Errorf("public text %q, want %q", auth.PublicText(err), tc.public)
			}
		})
	}
}

// jwtNull stands for a JSON null in the table.
const jwtNull = "\x00null"

func TestTenants(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, auth.Options{Secret: []byte(secret)})
	longest := strings.Repeat("é", 127) + "x"
	for name, tc := range map[string]struct {
		json string
		want []string
		bad  bool
	}{
		"none":                      {json: `{}`},
		"tenant_id":                 {json: `{"tenant_id":"T"}`, want: []string{"T"}},
		"tenantId":                  {json: `{"tenantId":"T"}`, want: []string{"T"}},
		"tenants":                   {json: `{"tenants":["T","U"]}`, want: []string{"T", "U"}},
		"tenants empty":             {json: `{"tenants":[]}`},
		"all three":                 {json: `{"tenants":["V","T","V"],"tenantId":"U","tenant_id":"T"}`, want: []string{"T", "U", "V"}},
		"a number":                  {json: `{"tenant_id":42}`, want: []string{"42"}},
		"a number below zero":       {json: `{"tenant_id":-42}`, want: []string{"-42"}},
		"every digit of a number":   {json: `{"tenant_id":12345678901234567891}`, want: []string{"12345678901234567891"}},
		"numbers in the list":       {json: `{"tenants":[1,"1","2"]}`, want: []string{"1", "2"}},
		"as long as allowed":        {json: `{"tenant_id":"` + longest + `"}`, want: []string{longest}},
		"blanks are kept":           {json: `{"tenant_id":" T"}`, want: []string{" T"}},
		"null":                      {json: `{"tenant_id":null,"tenants":null}`},
		"other spellings":           {json: `{"Tenant_id":"T","TENANTS":["U"],"tenant":"V","tenant-id":"W","tenantid":"X"}`},
		"empty":                     {json: `{"tenant_id":"","tenants":""}`},
		"empty in the list":         {json: `{"tenants":["T",""]}`, want: []string{"T"}},
		"null in the list":          {json: `{"tenants":[null,"T",null]}`, want: []string{"T"}},
		"tenants a text":            {json: `{"tenants":"T"}`, want: []string{"T"}},
		"tenant_id a list":          {json: `{"tenant_id":["T","U"]}`, want: []string{"T", "U"}},
		"tenants a map":             {json: `{"tenants":{"U":{"role":"x"},"T":true,"":1}}`, want: []string{"T", "U"}},
		"what a map denies":         {json: `{"tenants":{"U":false,"T":0,"V":null}}`, want: []string{"T"}},
		"a name too long in a map":  {json: `{"tenants":{"` + longest + `x":true}}`, bad: true},
		"a list in the list":        {json: `{"tenants":[["T"]]}`, bad: true},
		"a map in the list":         {json: `{"tenants":[{"id":"T"}]}`, bad: true},
		"tenant_id true":            {json: `{"tenant_id":true}`, bad: true},
		"tenant_id bad, list good":  {json: `{"tenant_id":false,"tenants":["T"]}`, bad: true},
		"a fraction":                {json: `{"tenant_id":1.5}`, bad: true},
		"a whole number as 1.0":     {json: `{"tenant_id":1.0}`, bad: true},
		"a whole number as 1e3":     {json: `{"tenant_id":1e3}`, bad: true},
		"a number of 256 digits":    {json: `{"tenant_id":` + strings.Repeat("9", 256) + `}`, bad: true},
		"minus zero":                {json: `{"tenant_id":-0}`, bad: true},
		"longer than allowed":       {json: `{"tenant_id":"` + longest + `x"}`, bad: true},
		"NUL":                       {json: `{"tenant_id":"T\u0000"}`, bad: true},
		"line break":                {json: `{"tenant_id":"T\nU"}`, bad: true},
		"C1 control character":      {json: `{"tenant_id":"T\u009b"}`, bad: true},
		"half of a surrogate pair":  {json: `{"tenant_id":"\ud800"}`, bad: true},
		"bytes that are no unicode": {json: "{\"tenant_id\":\"T\xff\"}", bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims := strings.TrimSuffix(tc.json, "}")
			if claims != "{" {
				claims += ","
			}
			signing := encode(`{"alg":"HS256","typ":"JWT"}`) + "." + encode(claims+`"sub":"ada","exp":99999999999}`)
			signature, err := jwt.SigningMethodHS256.Sign(signing, []byte(secret))
			if err != nil {
				t.Fatal(err)
			}
			id, err := v.Verify(t.Context(), signing+"."+encode(string(signature)))
			if tc.bad {
				if !errors.Is(err, auth.ErrInvalid) || !strings.HasPrefix(auth.PublicText(err), "claim tenant") || id.Tenants != nil {
					t.Errorf("identity %+v, error %v; want ErrInvalid", id, err)
				}
				return
			}
			if err != nil || !slices.Equal(id.Tenants, tc.want) {
				t.Fatalf("tenants %q, error %v; want %q", id.Tenants, err, tc.want)
			}
			for _, tenant := range tc.want {
				if !id.Allows(tenant) {
					t.Errorf("does not allow %q", tenant)
				}
			}
			if id.Allows("") || id.Allows("t") || id.Allows("elsewhere") {
				t.Error("allows a tenant that the token does not name")
			}
		})
	}
}

// Dates are compared with the clock to the second.
func TestClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, auth.Options{Secret: []byte(secret), Leeway: time.Minute})
		at := func(seconds int64) int64 { return time.Now().Unix() + seconds }
		for name, tc := range map[string]struct {
			changes map[string]any
			kind    error
		}{
			"expires in a second":          {map[string]any{"exp": at(1)}, nil},
			"expires now":                  {map[string]any{"exp": at(0)}, auth.ErrExpired},
			"expired a second ago":         {map[string]any{"exp": at(-1)}, auth.ErrExpired},
			"expired beyond leeway":        {map[string]any{"exp": at(-31)}, auth.ErrExpired},
			"begins in 60 s":               {map[string]any{"nbf": at(60)}, nil},
			"begins in 61 s":               {map[string]any{"nbf": at(61)}, auth.ErrUnavailable},
			"was issued in 60 s":           {map[string]any{"iat": at(60)}, nil},
			"was issued in 61 s":           {map[string]any{"iat": at(61)}, auth.ErrUnavailable},
			"begins in 11 minutes":         {map[string]any{"nbf": at(660)}, auth.ErrUnavailable},
			"begins later than that":       {map[string]any{"nbf": at(661)}, auth.ErrInvalid},
			"was issued later than that":   {map[string]any{"iat": at(661), "nbf": at(61)}, auth.ErrInvalid},
			"expired and begins late":      {map[string]any{"exp": at(-1), "nbf": at(3600)}, auth.ErrInvalid},
			"expired and begins soon":      {map[string]any{"exp": at(-1), "nbf": at(90)}, auth.ErrExpired},
			"begins soon, of the year one": {map[string]any{"iat": -1e300, "nbf": at(61)}, auth.ErrUnavailable},
		} {
			_, err := v.Verify(t.Context(), sign(t, jwt.SigningMethodHS256, []byte(secret), nil, with(tc.changes)))
			if !errors.Is(err, tc.kind) {
				t.Errorf("%s: error %v, want %v", name, err, tc.kind)
			}
		}

		early := sign(t, jwt.SigningMethodHS256, []byte(secret), nil, with(map[string]any{"nbf": at(90)}))
		_, err := v.Verify(t.Context(), early)
		if wait := auth.Wait(err); wait != 30*time.Second {
			t.Errorf("a token that begins 30 s too early: wait %v after %v", wait, err)
		}
		time.Sleep(auth.Wait(err))
		if _, err := v.Verify(t.Context(), early); err != nil {
			t.Errorf("after that: %v", err)
		}

		token := sign(t, jwt.SigningMethodHS256, []byte(secret), nil, with(map[string]any{"exp": at(60)}))
		id, err := v.Verify(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(id.Expires) - time.Nanosecond)
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Errorf("just before it expires: %v", err)
		}
		time.Sleep(time.Nanosecond)
		if _, err := v.Verify(t.Context(), token); !errors.Is(err, auth.ErrExpired) {
			t.Errorf("when it expires: %v", err)
		}
	})
}
