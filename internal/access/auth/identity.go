package auth

import (
	"slices"
	"strings"
	"time"
)

// Identity is the subject that a verified token speaks for.
type Identity struct {
	// Subject is who the token stands for, empty when it does not say: then nothing
	// that needs a subject works for it.
	Subject string
	// Name is for people.
	Name string
	// Roles are what the claims that name roles say, each once.
	Roles []string
	// Claims are all claims of the token. Numbers are json.Number.
	Claims map[string]any
	// Tenants are those that the token may join, each once. Often empty, and
	// then it may join none.
	Tenants []string
	// Expires is when the identity ends. No event may follow it.
	Expires time.Time
	// TokenID is the jti claim, empty when the token has none.
	TokenID string
	// IssuedAt is the iat claim, the zero time when the token has none.
	IssuedAt time.Time
}

// Allows says whether the identity may join the tenant.
func (i Identity) Allows(tenant string) bool { return slices.Contains(i.Tenants, tenant) }

// party names the owner of the identity as narrowly as is known.
func (i Identity) party() string {
	if i.Subject != "" {
		return i.Subject
	}
	return strings.Join(append([]string{"", i.TokenID}, i.Tenants...), "\x00")
}
