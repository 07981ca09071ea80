package changelog

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
)

// unreadable stands for bytes that are not UTF-8. They come from a database in
// SQL_ASCII, which takes any.
const unreadable = "\uFFFD"

// mend makes UTF-8 of what the row says. The tenant stays as it is: what a token
// names is UTF-8, and is never taken for another.
func (r *row) mend() {
	for _, images := range [][]json.RawMessage{r.after, r.before} {
		for i, image := range images {
			if !utf8.Valid(image) {
				images[i] = bytes.ToValidUTF8(image, []byte(unreadable))
			}
		}
	}
	r.writer = strings.ToValidUTF8(r.writer, unreadable)
}

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
