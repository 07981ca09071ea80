package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Explanation is what there is to say about a token, for people.
type Explanation struct {
	// Err is why the token is refused, nil if it is accepted.
	Err error
	// Why has the algorithm and the key that the header names.
	Why Why
	// Read says whether the claims could be read. If Err is about anything but
	// claims and time, nobody has signed them.
	Read bool
	// Identity is what the claims say, as far as they can be read.
	Identity Identity
	// ClaimErr is what is wrong with the claims, whatever has signed them.
	ClaimErr error
	// Unused are the claims that nothing here looks at.
	Unused []string
	// Likely are claims, by name or path, that may name tenants and are not looked at.
	Likely []string
}

// Explain says what Verify makes of a token, and what the token says whether it is
// verified or not.
func (v *Verifier) Explain(ctx context.Context, token string) Explanation {
	var e Explanation
	_, e.Err = v.Verify(ctx, token)
	e.Why, _ = readHeader(token)
	if e.Err != nil {
		e.Why.Kind, e.Why.Claim = WhyOf(e.Err).Kind, WhyOf(e.Err).Claim
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > maxToken {
		return e
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return e
	}
	claims := map[string]any{}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if e.Read = decoder.Decode(&claims) == nil; !e.Read {
		return e
	}
	r := claimReader{claims: claims}
	e.Identity = v.read(&r)
	_, e.ClaimErr = v.identity(claims)
	e.Unused, e.Likely = v.others(claims)
	return e
}

// likely is what the names of claims for tenants look like.
var likely = regexp.MustCompile(`(?i)tenant|org|company|account|workspace|team|customer|^tid$`)

// others are the claims that are not used, and those among them, at any of the first
// two levels, that may name tenants.
func (v *Verifier) others(claims map[string]any) (unused, tenants []string) {
	used := slices.Concat([]string{"exp", "nbf", "iat", "jti", "name", "iss", "aud"}, v.names.tenant, v.names.subject, v.names.role)
	isUsed := func(name string) bool {
		return slices.ContainsFunc(used, func(u string) bool { return u == name || strings.HasPrefix(u, name+".") })
	}
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		if !isUsed(name) {
			unused = append(unused, name)
		}
		inner, _ := claims[name].(map[string]any)
		for _, below := range slices.Sorted(maps.Keys(inner)) {
			if path := name + "." + below; !isUsed(path) && (likely.MatchString(below) || below == "id" && likely.MatchString(name)) {
				tenants = append(tenants, path)
			}
		}
		if !isUsed(name) && inner == nil && likely.MatchString(name) {
			tenants = append(tenants, name)
		}
	}
	return unused, tenants
}
