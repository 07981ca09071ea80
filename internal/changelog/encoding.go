package changelog

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// nobody is the name of no tenant: an empty one is not captured.
const nobody = ""

// writable asks about a tenant. If its name cannot be written, it has no changes,
// as nobody has.
func writable(tenant string, ask func(tenant string) error) error {
	err := ask(tenant)
	if unwritable(err) {
		return ask(nobody)
	}
	return err
}

// unwritable says that the encoding of the database has no way to write a text.
func unwritable(err error) bool {
	const noEquivalent, noCharacter = "22P05", "22021"
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == noEquivalent || pg.Code == noCharacter)
}
