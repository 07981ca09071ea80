package page_test

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"rowcast/internal/access/limit"
	"rowcast/internal/feed"
	"rowcast/internal/hub/page"
	"rowcast/internal/hub/ring"
	"rowcast/internal/view"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// log is a history: the nonce of a change is its position times 7. Every fifth
// change stands for three rows.
type log struct {
	changes []feed.Change
	reads   int
}

func newLog(n int, size int) *log {
	l := &log{}
	for p := int64(1); len(l.changes) < n; p++ {
		c := feed.Change{Epoch: "f", Tenant: "T", From: p, After: make([]byte, size)}
		if len(l.changes)%5 == 4 {
			c.Bulk = true
			p += 2
		}
		c.Position, c.Nonce = p, p*7
		l.changes = append(l.changes, c)
	}
	return l
}

// after is what follows a cursor, as the history has it.
func (l *log) after(c feed.Cursor, most int) (feed.Page, error) {
	for i := range l.changes {
		here := &l.changes[i]
		nonce := int64(0)
		if i > 0 {
			nonce = l.changes[i-1].Nonce
		}
		if c.Delivered > 0 {
			nonce = here.Nonce
		}
		if here.From != c.Position+1 {
			continue
		}
		if c.Nonce != nonce {
			break
		}
		end := min(i+most, len(l.changes))
		return feed.Page{Changes: l.changes[i:end], More: end < len(l.changes)}, nil
	}
	return feed.Page{}, feed.ErrDiverged
}

// pageOf has one event for each change.
func pageOf(k page.Key, read feed.Page) page.Page {
	r := ring.New(math.MaxInt, k.After)
	for i := range read.Changes {
		c := &read.Changes[i]
		r.Push("e", feed.Cursor{Epoch: c.Epoch, Position: c.Position, Nonce: c.Nonce}, c.After)
	}
	return page.Page{Window: r.Window, Next: 1, Epoch: k.After.Epoch, Size: r.Size()}
}

// count is how many entries follow after the cursor.
func count(p page.Page) int { return int(p.End() - p.Next) }

// first is the position of the first of them.
func first(p page.Page) int64 { return p.At(p.Next).Position }

// newCache reads one page at a time, while those wait who ask for it.
func newCache(read func(page.Key) (page.Page, error)) *page.Cache {
	return page.New(page.Options{
		Read:  func(k page.Key, _ *view.View) (page.Page, error) { return read(k) },
		Turns: limit.NewTurns(limit.Bounds{All: 1}, limit.Bounds{}),
		Spawn: func(f func()) bool {
			f()
			return true
		},
	})
}

// TestRestOfAPage: whatever was asked for before, a cursor is answered with what
// follows it, or refused, exactly as by the history; and one that lies in a page
// costs no read.
func TestRestOfAPage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := newLog(30, 10)
		size := rapid.IntRange(1, 12).Draw(t, "size")
		c := newCache(func(k page.Key) (page.Page, error) {
			l.reads++
			read, err := l.after(k.After, size)
			return pageOf(k, read), err
		})
		for range rapid.IntRange(1, 20).Draw(t, "n") {
			i := rapid.IntRange(0, 29).Draw(t, "change")
			cursor := feed.Cursor{Epoch: "f", Position: l.changes[i].From - 1}
			if i > 0 {
				cursor.Nonce = l.changes[i-1].Nonce
			}
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0:
				cursor.Delivered, cursor.Nonce = 1, l.changes[i].Nonce
			case 1:
				cursor.Nonce++ // of another history
			}
			got, err := c.Get(t.Context(), page.Key{Tenant: "T", After: cursor}, nil, "")
			want, wantErr := l.after(cursor, size)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("after %s: %v, want %v", cursor, err, wantErr)
			}
			if err == nil && (count(got) == 0 || first(got) != want.Changes[0].Position || count(got) > size) {
				t.Fatalf("after %s: %d changes; want %d", cursor, count(got), len(want.Changes))
			}
			before := l.reads
			if err == nil {
				last := got.At(got.End() - 1).Position
				for k := i + 1; k < 30 && l.changes[k].Position <= last; k++ {
					within := feed.Cursor{Epoch: "f", Position: l.changes[k-1].Position, Nonce: l.changes[k-1].Nonce}
					rest, err := c.Get(t.Context(), page.Key{Tenant: "T", After: within}, nil, "")
					if err != nil || first(rest) != l.changes[k].Position || l.reads != before {
						t.Fatalf("within a page: %v, %d reads", err, l.reads-before)
					}
				}
			}
		}
	})
}

// TestCacheIsBounded in bytes, whatever is asked for; what was used last stays.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	reads := map[string]int{}
	c := newCache(func(k page.Key) (page.Page, error) {
		reads[k.Tenant]++
		return pageOf(k, feed.Page{Changes: []feed.Change{{Position: 1, After: make([]byte, size)}}}), nil
	})
	get := func(tenant string) {
		t.Helper()
		read, err := c.Get(context.Background(), page.Key{Tenant: tenant}, nil, "")
		if err != nil || count(read) != 1 {
			t.Fatal(count(read), err)
		}
		if c.Bytes() > 16<<20 {
			t.Fatalf("%d bytes are kept", c.Bytes())
		}
	}
	for i := range 100 {
		get(fmt.Sprint(i))
		get("often")
	}
	if reads["often"] != 1 {
		t.Errorf("a page that is asked for often is read %d times", reads["often"])
	}
	c.Prune(time.Now().Add(time.Minute))
	if c.Bytes() != 0 {
		t.Errorf("%d bytes are kept after a minute", c.Bytes())
	}
	get("often")
	c.Forget()
	if c.Bytes() != 0 {
		t.Errorf("%d bytes are kept of what was forgotten", c.Bytes())
	}
}

// TestRoomIsShared: whatever others have kept, a tenant that needs no more than an
// equal part of the room has each of its pages read once.
func TestRoomIsShared(t *testing.T) {
	t.Parallel()
	const room = 16 << 20
	rapid.Check(t, func(t *rapid.T) {
		const tenants = 4
		size := func(k page.Key) int { return int(k.After.Position) << 18 }
		reads, kept := map[page.Key]int{}, map[string]int{}
		c := newCache(func(k page.Key) (page.Page, error) {
			read := pageOf(k, feed.Page{Changes: []feed.Change{{Position: k.After.Position + 1}}})
			read.Size = size(k)
			if reads[k]++; reads[k] == 1 {
				kept[k.Tenant] += read.Size
			}
			return read, nil
		})
		for range 100 {
			tenant := max(0, rapid.IntRange(-10, tenants-1).Draw(t, "tenant")) // one asks for most
			k := page.Key{Tenant: fmt.Sprint(tenant)}
			k.After.Position = rapid.Int64Range(1, 8).Draw(t, "size")
			k.After.Nonce = rapid.Int64Range(1, 4).Draw(t, "page")
			if _, err := c.Get(t.Context(), k, nil, ""); err != nil {
				t.Fatal(err)
			}
			if c.Bytes() > room {
				t.Fatalf("%d bytes are kept", c.Bytes())
			}
		}
		for k, n := range reads {
			if n > 1 && kept[k.Tenant] <= room/tenants {
				t.Errorf("tenant %s needs %d bytes of %d, and a page was read %d times", k.Tenant, kept[k.Tenant], room/tenants, n)
			}
		}
	})
}

// TestThoseWhoWaitShare a page that comes before their turn: one that is equal, and
// one that their cursors point into.
func TestThoseWhoWaitShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const changes = 30
		l := newLog(changes, 10)
		var reads atomic.Int64
		reading := make(chan struct{})
		c := newCache(func(k page.Key) (page.Page, error) {
			reads.Add(1)
			<-reading
			read, err := l.after(k.After, changes)
			return pageOf(k, read), err
		})
		var got atomic.Int64
		for n := range 3 * changes {
			i := n % changes
			cursor := feed.Cursor{Epoch: "f", Position: l.changes[i].From - 1}
			if i > 0 {
				cursor.Nonce = l.changes[i-1].Nonce
			}
			go func() {
				read, err := c.Get(t.Context(), page.Key{Tenant: "T", After: cursor}, nil, fmt.Sprint(n))
				if err != nil || count(read) != changes-i || first(read) != l.changes[i].Position {
					t.Errorf("after change %d: %d changes, %v", i, count(read), err)
				}
				got.Add(1)
			}()
			synctest.Wait()
		}
		close(reading)
		synctest.Wait()
		if got.Load() != 3*changes || reads.Load() != 1 {
			t.Errorf("%d reads for %d who ask, of whom %d are served", reads.Load(), 3*changes, got.Load())
		}
	})
}
