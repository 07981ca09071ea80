package auth

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// maxText is the longest subject, tenant or other text, in bytes.
	maxText = 255
	// maxDate is the last second of the year 9999.
	maxDate = 253402300799
	// maxAhead is how far ahead, beyond the leeway, a token may begin for its client to
	// be asked to come back: so far clocks go wrong, and no farther.
	maxAhead = 10 * time.Minute
)

// identity reads the claims of a token whose signature is good.
func (v *Verifier) identity(claims map[string]any) (Identity, error) {
	r := claimReader{claims: claims}
	r.issuer(v.issuer)
	r.audience(v.audience)
	id := v.read(&r)
	if id.Expires.IsZero() {
		r.fail("exp", "is missing; every token has to end")
	}
	begins := r.date("nbf")
	if r.refused != nil {
		return Identity{}, r.refused
	}
	if err := v.inTime(id, begins); err != nil {
		return Identity{}, err
	}
	return id, nil
}

// read reads what the claims give.
func (v *Verifier) read(r *claimReader) Identity {
	return Identity{
		Subject:  r.subject(v.names.subject),
		Name:     r.name(),
		Roles:    r.roles(v.names.role),
		Claims:   r.claims,
		Expires:  r.date("exp"),
		TokenID:  r.subject([]string{"jti"}),
		IssuedAt: r.date("iat"),
		Tenants:  r.tenants(v.names.tenant),
	}
}

// inTime refuses a token before and after its time. Expiry comes after what no
// fresh token helps against, and before what time itself heals.
func (v *Verifier) inTime(id Identity, begins time.Time) error {
	now, claim, from := v.now(), "nbf", begins
	if id.IssuedAt.After(begins) {
		claim, from = "iat", id.IssuedAt
	}
	ahead := from.Sub(now.Add(v.leeway)) // a difference of centuries does not overflow so
	switch {
	case ahead > maxAhead:
		return refuseClaim(claim, "lies in the future; compare the clocks of the issuer and of the server")
	case !now.Before(id.Expires):
		return Refuse(ErrExpired, nil)
	case ahead > 0:
		r := refuseClaim(claim, "is a little ahead of the clock here; try again in a moment")
		r.kind, r.wait, r.why.Kind = ErrUnavailable, ahead, "time"
		return r
	}
	return nil
}

// claimReader reads claims and remembers the first that refuses the token. Public
// texts name the claim and never repeat its value.
type claimReader struct {
	claims  map[string]any
	refused error
}

// refuseClaim refuses a token for one of its claims.
func refuseClaim(claim, what string) *refusalError {
	return &refusalError{kind: ErrInvalid, public: fmt.Sprintf("claim %s %s", claim, what), why: Why{Kind: "claim", Claim: claim}}
}

func (r *claimReader) fail(claim, what string) {
	if r.refused == nil {
		r.refused = refuseClaim(claim, what)
	}
}

// issuer compares the claim iss, if a value is wanted.
func (r *claimReader) issuer(want string) {
	if want == "" || r.claims["iss"] == want {
		return
	}
	r.mismatch("iss", "is not what JWT_ISSUER says: the token is from another issuer", want)
}

// audience looks for a value in the claim aud, a text or an array, if one is wanted.
func (r *claimReader) audience(want string) {
	list, _ := r.claims["aud"].([]any)
	if want == "" || r.claims["aud"] == want || slices.Contains(list, any(want)) {
		return
	}
	r.mismatch("aud", "does not hold what JWT_AUDIENCE says: the token is meant for another audience", want)
}

// mismatch refuses a claim that has another value than it should. The log may know
// which: the issuer has signed it.
func (r *claimReader) mismatch(claim, what, want string) {
	if r.claims[claim] == nil {
		r.fail(claim, "is missing; JWT_ISSUER and JWT_AUDIENCE ask for iss and aud")
		return
	}
	if r.refused == nil {
		refused := refuseClaim(claim, what)
		refused.cause = fmt.Errorf("%s is %.200q, want %q", claim, fmt.Sprint(r.claims[claim]), want)
		r.refused = refused
	}
}

// name reads the name of a person. Nothing depends on it, so one that cannot be
// shown is none.
func (r *claimReader) name() string {
	if text, ok := r.claims["name"].(string); ok && plain(text) {
		return text
	}
	return ""
}

// date reads a date. Absent and null are the zero time, what is before 1970 is 1970.
// A fraction of a second is dropped.
func (r *claimReader) date(claim string) time.Time {
	value := r.claims[claim]
	if value == nil {
		return time.Time{}
	}
	number, ok := value.(json.Number)
	if !ok {
		r.fail(claim, "must be a number of seconds since 1970")
		return time.Time{}
	}
	seconds, _ := number.Float64() // infinite if it does not fit
	if seconds > maxDate {
		r.fail(claim, "lies beyond the year 9999; it counts seconds since 1970, not milliseconds")
		return time.Time{}
	}
	return time.Unix(int64(max(seconds, 0)), 0)
}

// subject reads the first of the claims that is there. Null and the empty text
// are not.
func (r *claimReader) subject(names []string) string {
	for _, name := range names {
		switch value := lookup(r.claims, name).(type) {
		case nil:
		case json.Number:
			if len(value) <= maxText {
				return value.String()
			}
			r.fail(name, wantText)
		case string:
			if plain(value) {
				return value
			}
			if value != "" {
				r.fail(name, wantText)
			}
		default:
			r.fail(name, wantText)
		}
	}
	return ""
}

const (
	wantText   = "must be a text of at most 255 bytes without control characters, or a number"
	wantTenant = "must name tenants: each a text of at most 255 bytes without control characters, or a whole number; " +
		"several as an array, or as the names in an object"
)

// roles are the union of the claims that name roles. What is none is left out:
// it gives nobody anything.
func (r *claimReader) roles(names []string) (all []string) {
	for _, name := range names {
		for _, value := range values(lookup(r.claims, name)) {
			role, ok := value.(string)
			if number, isNumber := value.(json.Number); isNumber {
				role, ok = number.String(), true
			}
			if ok && plain(role) && !slices.Contains(all, role) {
				all = append(all, role)
			}
		}
	}
	return all
}

// tenants are the union of the claims that name tenants. Null and the empty text
// name none.
func (r *claimReader) tenants(names []string) (all []string) {
	for _, name := range names {
		for _, value := range values(lookup(r.claims, name)) {
			if value == nil || value == "" {
				continue
			}
			tenant, ok := tenantText(value)
			if !ok {
				r.fail(name, wantTenant)
				return nil
			}
			if !slices.Contains(all, tenant) {
				all = append(all, tenant)
			}
		}
	}
	return all
}

// values are the elements of an array, the names in an object but for those that it
// denies, with null or false, or else the value itself.
func values(claim any) []any {
	switch claim := claim.(type) {
	case nil:
		return nil
	case []any:
		return claim
	case map[string]any:
		var names []any
		for _, name := range slices.Sorted(maps.Keys(claim)) {
			if claim[name] != nil && claim[name] != false {
				names = append(names, name)
			}
		}
		return names
	default:
		return []any{claim}
	}
}

// tenantText is the tenant id in a claim. Whole numbers count, since databases
// have integer tenants, with every digit.
func tenantText(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, plain(value)
	case json.Number:
		text := value.String()
		return text, len(text) <= maxText && text != "-0" && !strings.ContainsAny(text, ".eE")
	default:
		return "", false
	}
}

// plain says whether the text can be an id: not empty, not long, no control
// characters, and nothing that stands for bytes that could not be decoded.
func plain(text string) bool {
	return text != "" && len(text) <= maxText && !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == utf8.RuneError
	})
}
