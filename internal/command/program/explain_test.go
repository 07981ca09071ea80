package program_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/command/program"
	"rowcast/internal/errcode"
)

// TestCodesOfCauses: what an error is about decides its code, also where somebody has
// marked it as a mistake of the caller.
func TestCodesOfCauses(t *testing.T) {
	t.Parallel()
	state := func(code string) error { return &pgconn.PgError{Code: code, Message: "no"} }
	for _, test := range []struct {
		err  error
		want errcode.Code
	}{
		{errors.New("something"), errcode.Unexpected},
		{program.Usage("wrong"), errcode.Usage},
		{program.Usage("wrong: %w", state("28P01")), "database-refused"},
		{errcode.With("nothing-there", state("42501")), "nothing-there"},
		{state("42501"), "privileges-missing"},
		{state("42P01"), "table-unusable"},
		{state("55P03"), "table-locked"},
		{state("40P01"), "table-locked"},
		{state("22023"), errcode.Usage},
		{state("57014"), "timed-out"},
		{state("57P01"), "database-unreachable"},
		{state("08006"), "database-unreachable"},
		{state("25006"), "standby"},
		{state("53100"), "database-exhausted"},
		{state("XX000"), errcode.Unexpected},
		{io.ErrUnexpectedEOF, "database-unreachable"},
		{syscall.ECONNRESET, "database-unreachable"},
		{context.DeadlineExceeded, "timed-out"},
		{&fs.PathError{Op: "open", Path: "/x", Err: os.ErrPermission}, "file-unusable"},
	} {
		if got := program.CodeOf(fmt.Errorf("do: %w", test.err)); got != test.want {
			t.Errorf("%v has the code %s, want %s", test.err, got, test.want)
		}
		if e, ok := errcode.Find(test.want); !ok || e.Met&errcode.Command == 0 {
			t.Errorf("%s is no code of a command", test.want)
		}
	}
	if said := program.Explain("rowcast", errors.New("something")); strings.Contains(said, "Run rowcast doctor") {
		t.Errorf("an unknown error sends to the doctor: %s", said)
	}
}
