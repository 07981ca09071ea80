package mapping_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rowcast/internal/feed"
	"rowcast/internal/mapping"
)

var update = flag.Bool("update", false, "write the outputs in testdata/events anew")

const line = "-----\n"

// recorded is a change as the golden files write it.
type recorded struct {
	Table, Name, Op string
	Bulk            bool
	From, Position  int64
	Before, After   json.RawMessage
	Unreadable      feed.Reason
	Tx              uint64
	Writer          string
}

// wire is an event as clients see it.
type wire struct {
	Type     string          `json:"type"`
	Event    string          `json:"event"`
	TenantID string          `json:"tenantId"`
	From     int64           `json:"from,omitempty"`
	Position int64           `json:"position"`
	Cursor   string          `json:"cursor"`
	At       time.Time       `json:"at"`
	Data     json.RawMessage `json:"data"`
	Unread   bool            `json:"unreadable,omitempty"`
	Reason   feed.Reason     `json:"reason,omitempty"`
	Changed  []string        `json:"changed,omitempty"`
	Previous json.RawMessage `json:"previous,omitempty"`
	Source   *feed.Source    `json:"source,omitempty"`
}

// TestGolden maps the changes above the line of each file and compares the
// events with what stands below it. There is one file for each event of the
// catalogue; those of other tables are recorded for suppliers.
func TestGolden(t *testing.T) {
	t.Parallel()
	var want []string
	for _, r := range mapping.Catalogue() {
		name := strings.ReplaceAll(strings.ReplaceAll(r.Event, "<name>", "supplier"), ":", ".")
		want = append(want, filepath.Join("testdata", "events", name+".txt"))
	}
	files, err := filepath.Glob(filepath.Join("testdata", "events", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("the catalogue wants the files marked -, the directory has those marked +:\n%s", diff)
	}
	for _, file := range files {
		event := strings.Replace(strings.TrimSuffix(filepath.Base(file), ".txt"), ".", ":", 1)
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			golden(t, file, event)
		})
	}
}

func golden(t *testing.T, file, event string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	input, want, found := strings.Cut(string(text), line)
	if !found {
		t.Fatalf("%s has no line %q", file, line)
	}
	events := apply(t, input, event == "dashboard:stats-updated")
	if !slices.Contains(names(events), event) {
		t.Errorf("events %v, want %s among them", names(events), event)
	}
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	for _, e := range events {
		w := wire{
			Type: "event", Event: e.Name, TenantID: e.Tenant, From: e.From, Position: e.Position,
			Cursor: e.Cursor.String(), At: e.At, Data: e.Data, Changed: e.Changed, Previous: e.Previous,
		}
		if e.Unreadable != nil {
			w.Unread, w.Reason = true, e.Unreadable.Reason
		}
		if e.Source != (feed.Source{}) {
			w.Source = &e.Source
		}
		if err := enc.Encode(w); err != nil {
			t.Fatalf("encode %s: %v", e.Name, err)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(input+line+got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("%s (-recorded +made; -update writes it anew):\n%s", file, diff)
	}
}

// apply maps recorded changes, or makes the dashboard event that follows them.
func apply(t *testing.T, input string, dashboard bool) []feed.Event {
	t.Helper()
	var events []feed.Event
	var reasons []string
	var head feed.Head
	at := time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)
	ops := map[string]feed.Op{
		"insert": feed.Insert, "update": feed.Update, "delete": feed.Delete, "truncate": feed.Truncate,
		"replay": feed.Replay,
	}
	dec := json.NewDecoder(strings.NewReader(input))
	dec.DisallowUnknownFields()
	for {
		var r recorded
		if err := dec.Decode(&r); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("read the input: %v", err)
		}
		c := &feed.Change{
			Epoch: "0a1b2c3d", Tenant: "acme", From: r.From, Position: r.Position, Nonce: 1234567890,
			Table: r.Table, Name: r.Name, Op: ops[r.Op], Bulk: r.Bulk, Before: r.Before, After: r.After,
			At: at, Tx: r.Tx, Writer: r.Writer,
		}
		if r.Unreadable != "" {
			c.Unreadable = &feed.Unreadable{Reason: r.Unreadable}
		}
		events = mapping.Append(events, c)
		if reason, ok := mapping.DashboardReason(c); ok {
			reasons = append(reasons, reason)
		}
		head = feed.Head{Epoch: c.Epoch, Position: c.Position, Nonce: c.Nonce}
	}
	if dashboard {
		return []feed.Event{mapping.DashboardEvent("acme", reasons, head, at)}
	}
	return events
}
