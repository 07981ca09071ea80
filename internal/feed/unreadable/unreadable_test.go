package unreadable_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"rowcast/internal/feed"
	"rowcast/internal/feed/unreadable"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Positions that this many divide break at the step.
const (
	brokenMap, brokenFrame, brokenTwice = 5, 7, 11
)

// toEvents makes two events of a change.
func toEvents(dst []feed.Event, c *feed.Change) []feed.Event {
	e := feed.Event{
		Stem: c.Name, Tenant: c.Tenant, Position: c.Position, Cursor: feed.Cursor{Epoch: c.Epoch, Position: c.Position, Nonce: c.Nonce},
		Data: c.After, Source: feed.Source{Table: c.Table, Op: c.Op.String()},
	}
	e.Name = c.Name + ":created"
	dst = append(dst, e)
	if c.Position%brokenMap == 0 {
		panic("the row is " + string(c.After))
	}
	e.Name = "derived:from"
	return append(dst, e)
}

// encoder writes a line for an event.
type encoder struct{}

func (encoder) AppendEvent(b []byte, e *feed.Event) []byte {
	b = append(b, "begun "...)
	if e.Position%brokenTwice == 0 || e.Position%brokenFrame == 0 && e.Unreadable == nil {
		_ = e.Data[len(e.Data)+int(e.Position)]
	}
	return fmt.Appendf(b, "%s@%d %s;", e.Name, e.Position, e.Data)
}

func change(position int64) *feed.Change {
	return &feed.Change{
		Epoch: "f", Tenant: "T", From: position, Position: position, Name: "order", Table: "orders", Op: feed.Insert,
		After: fmt.Appendf(nil, `{"secret":%d}`, position),
	}
}

// TestEventsOfOthers: a mapping that panics costs the events of that change alone, in
// whatever it was about to append to.
func TestEventsOfOthers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var (
			log  unreadable.Log
			want []string
		)
		dst := make([]feed.Event, 0, rapid.IntRange(0, 9).Draw(t, "room"))
		for _, n := range rapid.SliceOfN(rapid.Int64Range(1, 30), 1, 9).Draw(t, "positions") {
			dst = log.Events(dst, change(n), toEvents)
			if n%brokenMap == 0 {
				want = append(want, fmt.Sprint("order:unreadable@", n))
			} else {
				want = append(want, fmt.Sprint("order:created@", n), fmt.Sprint("derived:from@", n))
			}
		}
		var got []string
		for _, e := range dst {
			got = append(got, fmt.Sprint(e.Name, "@", e.Position))
			if (e.Unreadable != nil) != (e.Position%brokenMap == 0) || e.Unreadable != nil && e.Unreadable.Reason != feed.Mapping {
				t.Errorf("%+v", e)
			}
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Fatalf("events %s; want %s", got, want)
		}
	})
}

// TestFramesOfOthers: an encoder that panics costs that frame alone, and leaves
// nothing of what it had begun.
func TestFramesOfOthers(t *testing.T) {
	t.Parallel()
	var log unreadable.Log
	var got, want []byte
	for n := int64(1); n < 100; n++ {
		for _, e := range toEvents(nil, change(n*brokenMap+1)) {
			got = log.Frame(got, &e, encoder{})
			switch {
			case e.Position%brokenTwice == 0:
			case e.Position%brokenFrame == 0:
				want = fmt.Appendf(want, `begun order:unreadable@%d {"operation":"insert","table":"orders","reason":"encoding"};`, e.Position)
			default:
				want = fmt.Appendf(want, "begun %s@%d %s;", e.Name, e.Position, e.Data)
			}
		}
	}
	if !bytes.Equal(got, want) {
		t.Errorf("frames\n%s\nwant\n%s", got, want)
	}
	if n := log.Counts()[feed.Encoding]; n != int64(len(log.Recent())) && n < 20 || n == 0 {
		t.Errorf("%d are counted, %d recent", n, len(log.Recent()))
	}
}

// TestEachChangeIsReportedOnce: each change once, however often and for whatever reason it is told, those
// that were read without their rows as well.
func TestEachChangeIsReportedOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := &unreadable.Log{Logger: slog.New(slog.NewTextHandler(&out, nil))}
	c := change(7)
	c.Unreadable = &feed.Unreadable{Reason: feed.Size, Detail: "so large"}
	without := func(dst []feed.Event, c *feed.Change) []feed.Event { return append(dst, c.Without(c.Unreadable)) }
	for range 3 {
		for _, e := range log.Events(nil, c, without) {
			log.Frame(nil, &e, encoder{})
		}
		log.Events(nil, change(5), toEvents)
	}
	counts := log.Counts()
	if counts[feed.Size] != 1 || counts[feed.Mapping] != 1 || counts[feed.Decoding] != 0 || len(counts) != len(feed.Reasons()) {
		t.Errorf("counts %v", counts)
	}
	recent := log.Recent()
	if len(recent) != 2 || recent[0].Position != 7 || recent[0].Detail != "so large" || recent[0].Tenant != "T" || recent[0].Table != "orders" ||
		recent[0].Operation != "insert" || recent[1].Reason != feed.Mapping || !strings.Contains(recent[1].Detail, "toEvents, line ") {
		t.Errorf("recent %+v", recent)
	}
	if n := strings.Count(out.String(), "level=ERROR"); n != 2 {
		t.Errorf("the log has %d lines:\n%s", n, &out)
	}
	var none *unreadable.Log
	if e := none.Events(nil, change(5), toEvents); len(e) != 1 || none.Counts()[feed.Mapping] != 0 {
		t.Errorf("without a log: %+v", e)
	}
}

// TestReportsAreBounded: of many changes the newest are shown, a few a minute are in
// the log of the server, and all are counted.
func TestReportsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := &unreadable.Log{Logger: slog.New(slog.NewTextHandler(&out, nil))}
		const many = 10_000
		for n := int64(1); n <= many; n++ {
			log.Events(nil, change(n*brokenMap), toEvents)
		}
		recent := log.Recent()
		if len(recent) != 20 || recent[19].Position != many*brokenMap || log.Counts()[feed.Mapping] != many {
			t.Errorf("%d recent, %v", len(recent), log.Counts())
		}
		if n := strings.Count(out.String(), "\n"); n != 20 {
			t.Errorf("the log has %d lines", n)
		}
		time.Sleep(time.Minute)
		log.Events(nil, change((many+1)*brokenMap), toEvents)
		if want := fmt.Sprint("not_logged=", many-20); !strings.Contains(out.String(), want) {
			t.Errorf("the log does not say %s", want)
		}
	})
}

// TestNothingOfTheRow: a panic whose value is the row is sent without it.
func TestNothingOfTheRow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := &unreadable.Log{Logger: slog.New(slog.NewTextHandler(&out, nil))}
	events := log.Events(nil, change(5), toEvents)
	frame := log.Frame(nil, &toEvents(nil, change(7))[0], encoder{})
	if said := fmt.Sprint(events, string(frame), log.Recent(), out.String()); strings.Contains(said, "secret") {
		t.Error(said)
	}
}

// plain makes no event of its own memory.
func plain(dst []feed.Event, c *feed.Change) []feed.Event {
	return append(dst, feed.Event{Name: "order:created", Data: c.After})
}

type copies struct{}

func (copies) AppendEvent(b []byte, e *feed.Event) []byte { return append(b, e.Data...) }

func TestGuardsCostNoMemory(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts for the whole process
	var log unreadable.Log
	c, events, frame := change(1), make([]feed.Event, 0, 4), make([]byte, 0, 100)
	var encoder unreadable.Encoder = copies{}
	n := testing.AllocsPerRun(100, func() {
		events = log.Events(events[:0], c, plain)
		frame = log.Frame(frame[:0], &events[0], encoder)
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkGuards is what a change and a frame pay, beside the same without.
func BenchmarkGuards(b *testing.B) {
	var log unreadable.Log
	c, events, frame := change(1), make([]feed.Event, 0, 4), make([]byte, 0, 100)
	var encoder unreadable.Encoder = copies{}
	b.Run("guarded", func(b *testing.B) {
		for b.Loop() {
			events = log.Events(events[:0], c, plain)
			frame = log.Frame(frame[:0], &events[0], encoder)
		}
	})
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			events = plain(events[:0], c)
			frame = encoder.AppendEvent(frame[:0], &events[0])
		}
	})
}
