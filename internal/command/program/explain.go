package program

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	code := errcode.Of(err)
	if code != "" && code != errcode.Usage {
		return code
	}
	if about := codeOfCause(err); about != errcode.Unexpected {
		return about
	}
	return cmp.Or(code, errcode.Unexpected)
}

// codeOfCause is the code of what an error is about.
func codeOfCause(err error) errcode.Code {
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
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return codeOfState(pg.Code)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return "database-unreachable"
	}
	if errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err) {
		return "timed-out"
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return "file-unusable"
	}
	return errcode.Unexpected
}

// states are the codes of what PostgreSQL says, by SQLSTATE or its beginning; the
// first that fits counts.
//
//nolint:gochecknoglobals // a table, never written
var states = []struct {
	begins string
	code   errcode.Code
}{
	{"55P03", "table-locked"},
	{"40P01", "table-locked"},
	{"42501", "privileges-missing"},
	{"42", "table-unusable"}, // what is named is not there, or of another kind
	{"23505", "table-unusable"},
	{"22", errcode.Usage}, // a function of schema rowcast refuses a value
	{"57014", "timed-out"},
	{"25006", "standby"},
	{"53", "database-exhausted"},
	{"57P", "database-unreachable"}, // it shuts down or starts
	{"08", "database-unreachable"},
}

func codeOfState(state string) errcode.Code {
	for _, s := range states {
		if strings.HasPrefix(state, s.begins) {
			return s.code
		}
	}
	return errcode.Unexpected
}
