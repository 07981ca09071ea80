package auth

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// maxText is the longest subject, tenant or other text, in bytes.
	maxText = 255
	// maxDate is the last second of the year 9999.
	maxDate = 253402300799
)

// identity reads claims that the parser has accepted.
func (v *Verifier) identity(claims jwt.MapClaims) (Identity, error) {
	r := claimReader{claims: claims}
	id := Identity{
		Subject:  r.text("sub"),
		Name:     r.text("name"),
		Role:     r.text("role"),
		Expires:  r.date("exp"),
		TokenID:  r.text("jti"),
		IssuedAt: r.date("iat"),
		Tenants:  r.tenants(),
	}
	r.date("nbf")
	switch {
	case r.err != nil:
		return Identity{}, invalid(r.err.Error(), nil)
	case id.Subject == "":
		return Identity{}, invalid("token lacks the claim sub", nil)
	case !v.now().Before(id.Expires):
		return Identity{}, &refusalError{kind: ErrExpired, public: ErrExpired.Error()}
	}
	return id, nil
}

// claimReader reads claims and remembers the first that is ill-typed. Its errors
// name the claim and never repeat its value.
type claimReader struct {
	claims jwt.MapClaims
	err    error
}

func (r *claimReader) fail(claim, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("claim %s must be %s", claim, want)
	}
}

// text reads an optional text. Absent and null are empty.
func (r *claimReader) text(claim string) string {
	value, ok := r.claims[claim]
	if !ok || value == nil {
		return ""
	}
	text, ok := value.(string)
	if !ok || !plain(text) {
		r.fail(claim, "a text of 1 to 255 bytes without control characters")
		return ""
	}
	return text
}

// date reads an optional date. Absent and null are the zero time.
func (r *claimReader) date(claim string) time.Time {
	value, ok := r.claims[claim]
	if !ok || value == nil {
		return time.Time{}
	}
	number, _ := value.(json.Number)
	seconds, err := number.Float64()
	if err != nil || seconds < 0 || seconds > maxDate {
		r.fail(claim, "a number of seconds since 1970, up to the year 9999")
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

// tenants is the union of the three claims that name tenants.
func (r *claimReader) tenants() []string {
	var all []string
	add := func(claim string, value any) {
		tenant, ok := tenantText(value)
		if !ok {
			r.fail(claim, "a tenant id: a text of 1 to 255 bytes without control characters, or a whole number")
			return
		}
		if !slices.Contains(all, tenant) {
			all = append(all, tenant)
		}
	}
	for _, claim := range []string{"tenant_id", "tenantId"} {
		if value := r.claims[claim]; value != nil {
			add(claim, value)
		}
	}
	if value := r.claims["tenants"]; value != nil {
		list, ok := value.([]any)
		if !ok {
			r.fail("tenants", "an array of tenant ids")
		}
		for _, value := range list {
			add("tenants", value)
		}
	}
	return all
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
