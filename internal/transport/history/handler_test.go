package history_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/transport/history"
)

// list is a source in memory: change n of the tenant T has the position n and a
// name of its own.
type list struct {
	size int
	// name and data are those of change n.
	name func(n int64) string
	data func(n int64) string
	// most is how many changes a page has at most.
	most int
	// gate, if not nil, is received from before each read.
	gate chan struct{}
	err  error

	mu    sync.Mutex
	reads []int // the limits
}

func (l *list) Oldest(context.Context, string) (feed.Cursor, error) {
	return feed.Cursor{Epoch: "f"}, nil
}

func (l *list) After(ctx context.Context, _ string, c feed.Cursor, limit int) (feed.Page, error) {
	if l.gate != nil {
		select {
		case <-l.gate:
		case <-ctx.Done():
			return feed.Page{}, fmt.Errorf("fake: %w", ctx.Err())
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads = append(l.reads, limit)
	if l.err != nil {
		return feed.Page{}, l.err
	}
	var page feed.Page
	for n := c.Position + 1; n <= int64(l.size); n++ {
		if len(page.Changes) == min(limit, l.most) {
			page.More = true
			break
		}
		page.Changes = append(page.Changes, feed.Change{
			Epoch: "f", Tenant: "T", From: n, Position: n, Nonce: 1, Name: l.name(n), Op: feed.Insert, After: []byte(l.data(n)),
		})
	}
	if len(page.Changes) == l.most { // as where a query has read as much as it may
		page.More = true
	}
	return page, nil
}

func newList(size int) *list {
	return &list{
		size: size, most: 256,
		name: func(n int64) string {
			if n%700 == 0 {
				return "rare"
			}
			return "often"
		},
		data: func(n int64) string { return fmt.Sprintf(`{"n":%d}`, n) },
	}
}

// TestFilterMovesOn: pages may be short, even empty, but they lead to the end,
// and nothing that passes the filter is left out.
func TestFilterMovesOn(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 255, 256, 512, 700, 2559, 2560, 2561, 3_000} {
		s := serve(t, newList(size), nil)
		for _, limit := range []int{1, 2, 1000} {
			events, pages, end := s.all(t, "", limit, "rare:*")
			if len(events) != size/700 || end != (feed.Cursor{Epoch: "f", Position: int64(size), Nonce: int64(min(size, 1))}).String() {
				t.Errorf("size %d, pages of %d: %d events, to %s", size, limit, len(events), end)
			}
			for i, e := range events {
				if e.Event != "rare:created" || e.Position != int64(700*(i+1)) {
					t.Errorf("size %d: event %+v", size, e)
				}
			}
			if most := size/1024 + size/700 + 2; pages > most {
				t.Errorf("size %d, pages of %d: %d pages", size, limit, pages)
			}
		}
		// more says exactly whether there is more.
		for _, limit := range []int{100, 255, 256, 257, 1000} {
			events, pages, _ := s.all(t, "", limit)
			if want := max(1, (size+limit-1)/limit); len(events) != size || pages != want {
				t.Errorf("size %d, pages of %d: %d events in %d pages; want %d", size, limit, len(events), pages, want)
			}
		}
	}
}

// TestBoundedWork: neither a filter that nothing passes nor large rows make a
// request large.
func TestBoundedWork(t *testing.T) {
	t.Parallel()
	many := newList(1_000_000)
	a := serve(t, many, nil).page(t, "", 1000, "nothing:*")
	if len(a.Events) != 0 || !a.More || a.Cursor != "f.1024.1" || len(many.reads) != 5 {
		t.Errorf("%+v after reads of %d", a, many.reads)
	}
	large := newList(8)
	large.most = 5
	large.data = func(int64) string { return `{"text":"` + strings.Repeat("x", 300_000) + `"}` }
	s := serve(t, large, nil)
	if a := s.page(t, "", 1000); len(a.Events) != 3 || !a.More {
		t.Errorf("%d large events", len(a.Events))
	}
	if events, _, _ := s.all(t, "", 1000); len(events) != 8 {
		t.Errorf("%d large events", len(events))
	}
	large.data = func(int64) string { return `{"text":"` + strings.Repeat("x", 1_200_000) + `"}` }
	if events, pages, _ := s.all(t, "f.6.1", 1000); len(events) != 2 || pages != 2 {
		t.Errorf("%d huge events in %d pages", len(events), pages)
	}
}

// TestTakesTurns: one reads, the next waits for a while and is refused, and a
// client that has gone gives its turn back.
func TestTakesTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newList(3)
		l.gate = make(chan struct{})
		s := serve(t, l, func(o *history.Options) { o.Readers = 1 })
		ctx, leave := context.WithCancel(t.Context())
		first := make(chan *httptest.ResponseRecorder)
		ask := func(ctx context.Context) {
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/history", nil)
			r.Header.Set("Authorization", "Bearer T")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			first <- w
		}
		go ask(ctx)
		synctest.Wait()
		start := time.Now()
		w := s.ask(t, "T", "")
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), `"code":"unavailable"`) {
			t.Errorf("the second gets %d %s", w.Code, w.Body)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("after %s", took)
		}
		go ask(t.Context()) // waits
		synctest.Wait()
		leave()
		<-first
		close(l.gate)
		if w := <-first; w.Code != http.StatusOK {
			t.Errorf("the third gets %d %s", w.Code, w.Body)
		}
		l.gate = make(chan struct{})
		go ask(t.Context())
		start = time.Now()
		if w := <-first; w.Code != http.StatusServiceUnavailable || time.Since(start) != 15*time.Second {
			t.Errorf("a source that does not answer: %d after %s", w.Code, time.Since(start))
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	l := newList(5)
	s := serve(t, l, nil)
	for _, test := range []struct {
		token, query string
		status       int
		code         string
	}{
		{"T", "", 200, ""},
		{"T+U", "?tenant=T", 200, ""},
		{"", "?ticket=ticket", 200, ""},
		{"T", "?after=f.2.1&limit=1000&events=often:*,rare:*", 200, ""},
		{"", "", 401, "invalid-token"},
		{"forged", "", 401, "invalid-token"},
		{"", "?token=T", 400, "bad-request"},
		{"T+U", "", 400, "bad-request"},
		{"T", "?tenant=U", 403, "forbidden"},
		{"T", "?events=often", 400, "bad-request"},
		{"T", "?after=nonsense", 400, "bad-request"},
		{"T", "?cursor=f.2.1", 400, "bad-request"},
		{"T", "?limit=1&limit=2", 400, "bad-request"},
		{"T", "?after=f.2.1.", 400, "bad-request"},
		{"T", "?limit=0", 400, "bad-request"},
		{"T", "?limit=1001", 400, "bad-request"},
		{"T", "?limit=-1", 400, "bad-request"},
		{"T", "?limit=1e2", 400, "bad-request"},
		{"T", "?limit=99999999999999999999", 400, "bad-request"},
	} {
		w := s.ask(t, test.token, test.query)
		var got struct{ Code, Detail string }
		err := json.Unmarshal(w.Body.Bytes(), &got)
		if err != nil || w.Code != test.status || got.Code != test.code || (test.code != "") != (got.Detail != "") {
			t.Errorf("%s: %d %s; want %d %s", test.query, w.Code, w.Body, test.status, test.code)
		}
	}
	l.err = errors.New("secret of the inside")
	if w := s.ask(t, "T", ""); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "secret") || w.Header().Get("Retry-After") == "" {
		t.Errorf("an error of the source: %d %s", w.Code, w.Body)
	}
	for _, reason := range []error{feed.ErrExpired, feed.ErrDiverged} {
		l.err = fmt.Errorf("fake: %w", reason)
		if w := s.ask(t, "T", "?after=f.1.1"); w.Code != http.StatusGone || !strings.Contains(w.Body.String(), `"code":"`+reason.Error()+`"`) {
			t.Errorf("%v: %d %s", reason, w.Code, w.Body)
		}
	}
}
