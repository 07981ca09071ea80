package program

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/changelog"
	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/operate/config"
	"rowcast/internal/postgres"
)

// Explain is an error of a program for a terminal: what failed, why, what to do and its
// code.
func Explain(program string, err error) string {
	return fmt.Sprintf("%s: %v\n%s", program, err, errcode.Explain(CodeOf(err)))
}

// CodeOf is the code of an error: its own, or that of what it is about.
func CodeOf(err error) errcode.Code {
	if code := errcode.Of(err); code != "" {
		return code
	}
	if _, ok := errors.AsType[*config.InvalidError](err); ok {
		return "bad-setting"
	}
	if postgres.EventTrigger(err) != "" {
		return "event-trigger"
	}
	if errors.Is(err, postgres.ErrOutdated) || errors.Is(err, postgres.ErrNewer) {
		return "schema-outdated"
	}
	for code, target := range map[errcode.Code]error{
		"not-migrated": postgres.ErrNotMigrated, "pooler": postgres.ErrPooler, "foreign-log": changelog.ErrForeign, "log-published": postgres.ErrPublished,
		"expired": feed.ErrExpired, "diverged": feed.ErrDiverged, "invalid": feed.ErrInvalid, "address-in-use": syscall.EADDRINUSE,
	} {
		if errors.Is(err, target) {
			return code
		}
	}
	if postgres.Refused(err) {
		return "database-refused"
	}
	if _, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		return "bad-setting"
	}
	if listening, ok := errors.AsType[*net.OpError](err); ok && listening.Op == "listen" {
		return "address-unusable"
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return "database-unreachable"
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		return errcode.Unexpected
	case pg.Code == "55P03":
		return "table-locked"
	case pg.Code == "42501":
		return "privileges-missing"
	case strings.HasPrefix(pg.Code, "42"), pg.Code == "22023", pg.Code == "23505": // what rowcast.watch refuses
		return "table-unusable"
	}
	return errcode.Unexpected
}
