package servetest

import (
	"testing"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/test/pgtest"
)

// Database is the DSN of a database with Rowcast and the tables of the
// inventory, without rows. It is gone when the test ends.
func Database(t testing.TB) string {
	t.Helper()
	dsn := pgtest.Database(t)
	pgtest.Migrate(t, dsn, pgtest.WithInventory)
	return dsn
}

// Token lets its bearer join these tenants for an hour.
func Token(t testing.TB, tenants ...string) string {
	t.Helper()
	return TokenFor(t, time.Hour, tenants...)
}

// TokenFor is Token for another time, a second or more.
func TokenFor(t testing.TB, life time.Duration, tenants ...string) string {
	t.Helper()
	token, err := auth.Mint([]byte(Secret), auth.MintClaims{Subject: t.Name(), Tenants: tenants}, life)
	if err != nil {
		t.Fatalf("servetest: %v", err)
	}
	return token
}
