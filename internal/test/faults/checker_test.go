package faults_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rowcast/internal/test/work"
)

// fault is a broken promise that the checker found.
type fault struct{ kind, what string }

// The promises.
const (
	faultMissing     = "missing"     // committed, not delivered
	faultInvented    = "invented"    // delivered more often than committed
	faultPosition    = "position"    // positions of a tenant are not contiguous
	faultTransaction = "transaction" // changes of another transaction in between
	faultRow         = "row"         // against the order of the versions of a row
	faultTime        = "time"        // before a transaction that had ended when it began
	faultTenant      = "tenant"      // of another tenant
	faultReset       = "reset"       // told to reload, or refused
	faultAgreement   = "agreement"   // not what another client got at that position
)

// checkStream holds what one client received of a tenant, which it has joined
// before any of the committed facts, against all promises.
func checkStream(got []delivery, start int64, committed []work.Change, spans map[uint64]work.Span) []fault {
	return slices.Concat(
		checkPositions(got, start), checkTransactions(got), checkRows(got), checkTime(got, spans), checkCommitted(got, committed))
}

// checkPositions checks that each position follows the one before.
func checkPositions(got []delivery, last int64) (faults []fault) {
	for _, d := range got {
		if d.from != last+1 || d.position < d.from {
			faults = append(faults, fault{faultPosition, fmt.Sprintf("%s has position %d to %d, after %d", d.change, d.from, d.position, last)})
		}
		last = d.position
	}
	return faults
}

// checkTransactions checks that each one is in one piece.
func checkTransactions(got []delivery) (faults []fault) {
	ended := make(map[uint64]bool)
	for i, d := range got {
		if i > 0 && got[i-1].change.Tx != d.change.Tx {
			ended[got[i-1].change.Tx] = true
		}
		if ended[d.change.Tx] {
			faults = append(faults, fault{faultTransaction, "goes on at " + d.change.String()})
		}
	}
	return faults
}

// checkRows follows each row from version to version. A row comes and goes
// with the tenant that it belongs to, so its versions may have holes where it
// is created.
func checkRows(got []delivery) (faults []fault) {
	type state struct {
		version int
		exists  bool
	}
	rows := make(map[int64]state)
	for _, d := range got {
		f := d.change
		row, known := rows[f.ID]
		var right bool
		switch f.Op {
		case '+':
			right = !known || (!row.exists && f.Version > row.version)
		case '~':
			right = !known || (row.exists && f.Version == row.version+1)
		case '-':
			right = !known || (row.exists && f.Version == row.version)
		default:
			continue
		}
		if !right {
			faults = append(faults, fault{faultRow, fmt.Sprintf("%s comes after version %d (there: %t)", f, row.version, row.exists)})
		}
		rows[f.ID] = state{f.Version, f.Op != '-'}
	}
	return faults
}

// checkTime checks that no transaction comes before one that had ended when it
// began.
func checkTime(got []delivery, spans map[uint64]work.Span) (faults []fault) {
	var first time.Time // of what comes later, when the first one ended
	for i, d := range slices.Backward(got) {
		if i < len(got)-1 && got[i+1].change.Tx == d.change.Tx {
			continue
		}
		s := spans[d.change.Tx]
		if !first.IsZero() && first.Before(s.Began) {
			faults = append(faults, fault{faultTime, fmt.Sprintf("%s began %s after one that comes later had ended", d.change, s.Began.Sub(first))})
		}
		if !s.Ended.IsZero() && (first.IsZero() || s.Ended.Before(first)) {
			first = s.Ended
		}
	}
	return faults
}

// checkCommitted checks that nothing is missing, nothing comes twice and
// nothing was made up. What a bulk event stands for it cannot compare.
func checkCommitted(got []delivery, committed []work.Change) (faults []fault) {
	left := make(map[work.Change]int, len(committed))
	for _, f := range committed {
		left[f]++
	}
	for _, d := range got {
		if d.change.Op == 'b' {
			continue
		}
		if left[d.change]--; left[d.change] < 0 {
			faults = append(faults, fault{faultInvented, d.change.String()})
		}
	}
	for f, n := range left {
		if n > 0 {
			faults = append(faults, fault{faultMissing, f.String()})
		}
	}
	return faults
}

// checkAgreement checks that what two clients got at a position is the same.
func checkAgreement(one, other []delivery) (faults []fault) {
	at := make(map[int64]work.Change, len(one))
	for _, d := range one {
		at[d.position] = d.change
	}
	for _, d := range other {
		if f, ok := at[d.position]; ok && f != d.change {
			faults = append(faults, fault{faultAgreement, fmt.Sprintf("position %d is %s and %s", d.position, f, d.change)})
		}
	}
	return faults
}

// TestCheckerConvicts spoils a right stream by hand in every way.
func TestCheckerConvicts(t *testing.T) {
	t.Parallel()
	const tenant = "acme"
	right := []delivery{
		{1, 1, work.Change{Tenant: tenant, Tx: 10, Op: '+', ID: 7, Version: 1}},
		{2, 2, work.Change{Tenant: tenant, Tx: 10, Op: '~', ID: 1, Version: 4}},
		{3, 3, work.Change{Tenant: tenant, Tx: 11, Op: '~', ID: 1, Version: 5}},
		{4, 4, work.Change{Tenant: tenant, Tx: 11, Op: '-', ID: 7, Version: 1}},
		{5, 5, work.Change{Tenant: tenant, Tx: 12, Op: '~', ID: 1, Version: 6}},
	}
	var committed []work.Change
	spans := make(map[uint64]work.Span)
	at := func(second int) time.Time { return time.Unix(int64(second), 0) }
	for _, d := range right {
		committed = append(committed, d.change)
		spans[d.change.Tx] = work.Span{Began: at(10 * int(d.change.Tx)), Ended: at(10*int(d.change.Tx) + 1)}
	}
	if faults := checkStream(right, 0, committed, spans); len(faults) > 0 {
		t.Errorf("a right stream: %v", faults)
	}
	spoil := func(f func(s []delivery) []delivery) []delivery { return f(slices.Clone(right)) }
	for name, test := range map[string]struct {
		got  []delivery
		want []string
	}{
		"one lost": {spoil(func(s []delivery) []delivery { return slices.Delete(s, 2, 3) }), []string{faultMissing, faultPosition, faultRow}},
		"last lost": {
			spoil(func(s []delivery) []delivery { return s[:4] }), []string{faultMissing},
		},
		"one repeated": {
			spoil(func(s []delivery) []delivery { return slices.Insert(s, 2, s[2]) }), []string{faultInvented, faultPosition, faultRow},
		},
		"two swapped": {
			spoil(func(s []delivery) []delivery { s[1], s[2] = s[2], s[1]; return s }),
			[]string{faultPosition, faultRow, faultTransaction, faultTime},
		},
		"another row": {
			spoil(func(s []delivery) []delivery { s[4].change.ID = 8; return s }), []string{faultInvented, faultMissing},
		},
		"a torn transaction": {
			spoil(func(s []delivery) []delivery { s[0].change, s[4].change = s[4].change, s[0].change; return s }),
			[]string{faultTransaction, faultTime, faultRow},
		},
	} {
		faults := checkStream(test.got, 0, committed, spans)
		for _, kind := range test.want {
			if !slices.ContainsFunc(faults, func(f fault) bool { return f.kind == kind }) {
				t.Errorf("%s is not found guilty of %q: %v", name, kind, faults)
			}
		}
	}
	other := slices.Clone(right)
	other[3].change.Version = 9
	if faults := checkAgreement(right, other); len(faults) != 1 {
		t.Errorf("two clients that differ once: %v", faults)
	}
	c := newClient(t, "client", nil, nil, 0, tenant)
	c.take(&message{Type: "joined", TenantID: tenant, Position: 4})
	for kind, m := range map[string]message{
		faultTenant:   {Type: "event", TenantID: "borea", Position: 1},
		faultReset:    {Type: "reset", TenantID: tenant, Reason: "diverged"},
		faultPosition: {Type: "joined", TenantID: tenant, Position: 5},
	} {
		c.faults = nil
		if c.take(&m); len(c.faults) != 1 || c.faults[0].kind != kind {
			t.Errorf("%s: %v", kind, c.faults)
		}
	}
}
