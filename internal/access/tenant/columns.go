package tenant

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Columns are the types of the tenant columns of the watched tables, each once.
type Columns []string

// all says whether there are columns, and each has one of the types.
func (c Columns) all(types ...string) bool {
	return len(c) > 0 && !slices.ContainsFunc(c, func(t string) bool { return !slices.Contains(types, t) })
}

func (c Columns) uuids() bool    { return c.all("uuid") }
func (c Columns) integers() bool { return c.all("smallint", "integer", "bigint") }

// Canonical is the text that the database writes for a tenant. What is no value of the
// columns stays as it is.
func (c Columns) Canonical(tenant string) string {
	canonical, ok := tenant, false
	switch {
	case c.uuids():
		canonical, ok = canonicalUUID(tenant)
	case c.integers():
		canonical, ok = canonicalInteger(tenant)
	}
	if !ok {
		return tenant
	}
	return canonical
}

// Spellings are a text, and what columns of the types uuid and integer write for it.
func Spellings(text string) (same, uuid, integer string) {
	return text, Columns{"uuid"}.Canonical(text), Columns{"integer"}.Canonical(text)
}

// Doubt says, in words for a client, why no row may ever have this tenant. It is empty
// if there is no reason to think so.
func (c Columns) Doubt(tenant string) string {
	uuid, isUUID := canonicalUUID(tenant)
	integer, isInteger := canonicalInteger(tenant)
	switch {
	case c.uuids() && !isUUID, c.integers() && !isInteger:
		return fmt.Sprintf("no row has this tenant: the tenant columns are of type %s", strings.Join(c, ", "))
	case c.uuids(), c.integers():
		return ""
	case slices.Contains(c, "uuid") && isUUID && uuid != tenant:
		return c.compared(uuid)
	case slices.ContainsFunc(c, func(t string) bool { return Columns{t}.integers() }) && isInteger && integer != tenant:
		return c.compared(integer)
	}
	return ""
}

// compared doubts a tenant where another text stands for the same value.
func (c Columns) compared(canonical string) string {
	return fmt.Sprintf("the tenant columns are of types %s, so tenants are compared as text; rows may have %s instead", strings.Join(c, ", "), canonical)
}

// canonicalUUID reads a uuid as PostgreSQL does: digits of either case, a hyphen after
// each four of them or not, and braces or none.
func canonicalUUID(text string) (string, bool) {
	if strings.HasPrefix(text, "{") && strings.HasSuffix(text, "}") {
		text = text[1 : len(text)-1]
	}
	var digits []byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f':
			digits = append(digits, c)
		case c >= 'A' && c <= 'F':
			digits = append(digits, c-'A'+'a')
		case c == '-' && len(digits) > 0 && len(digits)%4 == 0 && len(digits) < 32 && text[i-1] != '-':
		default:
			return "", false
		}
	}
	if len(digits) != 32 {
		return "", false
	}
	d := string(digits)
	return d[:8] + "-" + d[8:12] + "-" + d[12:16] + "-" + d[16:20] + "-" + d[20:], true
}

// canonicalInteger reads an integer as PostgreSQL does: blanks around it, a sign and
// zeros before it do not count.
func canonicalInteger(text string) (string, bool) {
	text = strings.Trim(text, " \t\n\v\f\r")
	digits := text
	if strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
		digits = text[1:]
	}
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return "", false
	}
	return strconv.FormatInt(n, 10), true
}
