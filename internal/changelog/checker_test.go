package changelog_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"rowcast/internal/feed"
	"rowcast/internal/test/work"
)

// fault is a broken promise that a checker found.
type fault struct{ kind, what string }

// The promises, after the words of etcd's watch: unique and reliable are keys
// and positions, ordered is rows and time, atomic is transactions.
const (
	faultMissing     = "missing"     // committed, not delivered
	faultInvented    = "invented"    // delivered more often than committed
	faultPosition    = "position"    // positions of a tenant are not 1, 2, 3, ...
	faultTransaction = "transaction" // changes of another transaction in between
	faultRow         = "row"         // against the order in which a row changed
	faultTime        = "time"        // before a transaction that had ended when it began
	faultServers     = "servers"     // not what the other stream says
)

// count says how many faults of a kind there are.
func count(faults []fault, kind string) int {
	n := 0
	for _, f := range faults {
		if f.kind == kind {
			n++
		}
	}
	return n
}

// doc is a row of table docs.
type doc struct {
	ID      int     `json:"id"`
	Tenant  *string `json:"tenant_id"`
	Body    *string `json:"body"`
	Version int     `json:"version"`
}

func (d *doc) String() string {
	text, _ := json.Marshal(d)
	return string(text)
}

func parseDoc(image json.RawMessage) *doc {
	if image == nil {
		return nil
	}
	var d doc
	if err := json.Unmarshal(image, &d); err != nil {
		panic(fmt.Sprintf("image %s: %v", image, err))
	}
	return &d
}

// key names what a writer did to a row: it made a version, or deleted one.
func madeKey(id, version int) string    { return fmt.Sprintf("made %d.%d", id, version) }
func deletedKey(id, version int) string { return fmt.Sprintf("deleted %d.%d", id, version) }

func changeKey(c *feed.Change) string {
	if c.Op == feed.Delete {
		d := parseDoc(c.Before)
		return deletedKey(d.ID, d.Version)
	}
	d := parseDoc(c.After)
	return madeKey(d.ID, d.Version)
}

// checkCommitted compares the stream with what was committed: nothing is
// missing, nothing comes twice, nothing was made up.
func checkCommitted(stream []feed.Change, committed []string) (faults []fault) {
	left := make(map[string]int)
	for _, key := range committed {
		left[key]++
	}
	for i := range stream {
		key := changeKey(&stream[i])
		left[key]--
		if left[key] < 0 {
			faults = append(faults, fault{faultInvented, key + " in " + brief(stream[i])})
		}
	}
	for key, n := range left {
		for range n {
			faults = append(faults, fault{faultMissing, key})
		}
	}
	return faults
}

// checkPositions checks that those of each tenant are contiguous from 1.
func checkPositions(stream []feed.Change) (faults []fault) {
	last := make(map[string]int64)
	for _, c := range stream {
		if c.From != last[c.Tenant]+1 || c.Position != c.From {
			faults = append(faults, fault{faultPosition, fmt.Sprintf("%s after %d", brief(c), last[c.Tenant])})
		}
		last[c.Tenant] = c.Position
	}
	return faults
}

// checkTransactions checks that each one is in one piece.
func checkTransactions(stream []feed.Change) (faults []fault) {
	ended := make(map[uint64]bool)
	for i, c := range stream {
		if i > 0 && stream[i-1].Tx != c.Tx {
			ended[stream[i-1].Tx] = true
		}
		if ended[c.Tx] {
			faults = append(faults, fault{faultTransaction, fmt.Sprintf("%d goes on at %s", c.Tx, brief(c))})
		}
	}
	return faults
}

// checkRows follows each row from version to version and compares what it was
// before a change with what the change before had made of it.
func checkRows(stream []feed.Change) (faults []fault) {
	type state struct {
		version int
		image   string // empty while there is no such row
	}
	rows := make(map[int]state)
	for _, c := range stream {
		before, after := parseDoc(c.Before), parseDoc(c.After)
		var id int
		next := state{}
		was := ""
		if before != nil {
			id, next.version, was = before.ID, before.Version, before.String()
		}
		if after != nil {
			id, next.version, next.image = after.ID, after.Version, after.String()
		}
		row, known := rows[id]
		step := next.version - row.version
		switch {
		case known && was != row.image:
			faults = append(faults, fault{faultRow, fmt.Sprintf("%s comes after %s was made, not after %s", brief(c), row.image, was)})
		case c.Op == feed.Delete && known && step != 0, c.Op != feed.Delete && step != 1:
			faults = append(faults, fault{faultRow, fmt.Sprintf("%s comes after version %d", brief(c), row.version)})
		}
		rows[id] = next
	}
	return faults
}

// checkTime checks that no transaction comes before one that had ended when it
// began.
func checkTime(stream []feed.Change, spans map[uint64]work.Span) (faults []fault) {
	var first work.Span // of what comes later, the one that ended first
	for i, c := range slices.Backward(stream) {
		if i < len(stream)-1 && stream[i+1].Tx == c.Tx {
			continue
		}
		s := spans[c.Tx]
		if !first.Ended.IsZero() && first.Ended.Before(s.Began) {
			faults = append(faults, fault{faultTime, fmt.Sprintf("%s began %s after one that comes later had ended",
				brief(c), s.Began.Sub(first.Ended))})
		}
		if !s.Ended.IsZero() && (first.Ended.IsZero() || s.Ended.Before(first.Ended)) {
			first = s
		}
	}
	return faults
}

// checkSame compares two streams, change by change.
func checkSame(one, other []feed.Change) (faults []fault) {
	for i := range max(len(one), len(other)) {
		switch {
		case i >= len(one):
			faults = append(faults, fault{faultServers, "only the second has " + identity(other[i])})
		case i >= len(other):
			faults = append(faults, fault{faultServers, "only the first has " + identity(one[i])})
		case identity(one[i]) != identity(other[i]):
			faults = append(faults, fault{faultServers, identity(one[i]) + " is " + identity(other[i])})
		}
	}
	return faults
}

// identity is all of a change.
func identity(c feed.Change) string {
	return strings.Join([]string{
		c.Epoch, brief(c), string(c.Before), c.Table, c.Name, c.Writer, c.At.String(), fmt.Sprint(c.Tx, c.Nonce, c.Bulk),
	}, " ")
}

// ofTenant is the stream of one tenant.
func ofTenant(stream []feed.Change, tenant string) []feed.Change {
	return slices.DeleteFunc(slices.Clone(stream), func(c feed.Change) bool { return c.Tenant != tenant })
}
