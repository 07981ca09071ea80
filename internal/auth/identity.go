package auth

import (
	"slices"
	"time"
)

// Identity is who a verified token speaks for.
type Identity struct {
	// Subject is the sub claim.
	Subject string
	// Name and Role are optional claims, for people and logs.
	Name, Role string
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
