package history_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/origin"
	"rowcast/internal/feed"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport"
	"rowcast/internal/transport/history"
)

// endless is a source whose tenants have changes without end. Each read waits to be
// let, and is noted with its tenant.
type endless struct {
	let   chan struct{}
	reads []string
}

func (e *endless) Oldest(context.Context, string) (feed.Cursor, error) {
	return feed.Cursor{Epoch: "f"}, nil
}

func (e *endless) After(ctx context.Context, tenant string, c feed.Cursor, _ int) (feed.Page, error) {
	select {
	case <-e.let:
	case <-ctx.Done():
		return feed.Page{}, fmt.Errorf("fake: %w", ctx.Err())
	}
	e.reads = append(e.reads, tenant)
	page := feed.Page{More: true}
	for n := c.Position + 1; n <= c.Position+100; n++ {
		page.Changes = append(page.Changes, feed.Change{Epoch: "f", Tenant: tenant, From: n, Position: n, Nonce: 1, Name: "often", Op: feed.Insert, After: []byte(`{}`)})
	}
	return page, nil
}

// crowd asks as subjects of tenants, whose tokens are tenant/subject.
type crowd struct {
	server
	source  *endless
	answers chan *httptest.ResponseRecorder
}

func newCrowd(t *testing.T, change func(*history.Options)) *crowd {
	c := &crowd{source: &endless{let: make(chan struct{})}, answers: make(chan *httptest.ResponseRecorder, 100)}
	c.server = serve(t, c.source, func(o *history.Options) {
		o.Readers, o.MaxWait = 1, time.Hour
		o.Gate = servetest.Gate(t, transport.GateOptions{
			Origin: origin.Origins{}.Allowed,
			Verify: func(_ context.Context, token string) (auth.Identity, error) {
				tenant, subject, _ := strings.Cut(token, "/")
				return auth.Identity{Tenants: []string{tenant}, Subject: subject, Expires: time.Now().Add(time.Hour)}, nil
			},
		})
		if change != nil {
			change(o)
		}
	})
	return c
}

// flood sends requests with a filter that nothing matches.
func (c *crowd) flood(t *testing.T, who string, requests int) {
	for range requests {
		go func() { c.answers <- c.ask(t, who, "?after=f.1.1&events=nothing:*") }()
		synctest.Wait()
	}
}

// let lets one read through.
func (c *crowd) let() {
	c.source.let <- struct{}{}
	synctest.Wait()
}

// finish lets everything through until all has been answered, and counts answers.
func (c *crowd) finish() (status map[int]int) {
	close(c.source.let)
	synctest.Wait()
	status = map[int]int{}
	for len(c.answers) > 0 {
		status[(<-c.answers).Code]++
	}
	return status
}

// TestOneDoesNotStarveOthers: beside forty requests of one token whose filter matches
// nothing, another tenant has its read after one of theirs, and another subject of
// the same tenant, too. Of the forty, more than a fair share is refused at once.
func TestOneDoesNotStarveOthers(t *testing.T) {
	t.Parallel()
	for _, other := range []string{"B/bob", "A/bob", "A/"} {
		synctest.Test(t, func(t *testing.T) {
			c := newCrowd(t, nil)
			c.flood(t, "A/mallory", 40)
			if refused := len(c.answers); refused != 20 {
				t.Fatalf("%d of 40 are refused at once", refused)
			}
			for range 20 {
				w := <-c.answers
				var problem struct{ Code string }
				if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil || w.Code != http.StatusTooManyRequests || problem.Code != "rate-limited" || w.Header().Get("Retry-After") != "1" {
					t.Fatalf("refused with %d %v %s", w.Code, w.Header(), w.Body)
				}
			}
			served := make(chan *httptest.ResponseRecorder, 1)
			go func() { served <- c.ask(t, other, "?after=f.1.1&limit=50") }()
			synctest.Wait()
			for range 3 { // the read under way, one of theirs, and ours
				c.let()
			}
			if len(served) != 1 {
				t.Fatalf("%s is not served after 3 reads: %v", other, c.source.reads)
			}
			if w := <-served; w.Code != http.StatusOK {
				t.Errorf("%s is answered %d %s", other, w.Code, w.Body)
			}
			if status := c.finish(); status[http.StatusOK] != 20 || len(status) != 1 {
				t.Errorf("the others are answered %v", status)
			}
		})
	}
}

// TestManyTenantsTakeTurns: among many that ask for a lot, a tenant waits for one
// read of each.
func TestManyTenantsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const tenants = 5
		c := newCrowd(t, nil)
		for n := range tenants {
			c.flood(t, fmt.Sprintf("T%d/x", n), 4)
		}
		for range 4 * tenants {
			c.let()
		}
		for n, tenant := range c.source.reads {
			if seen := slices.Index(c.source.reads[n+1:], tenant); seen >= 0 && n > 0 && seen != tenants-1 {
				t.Fatalf("the reads are not in turn: %v", c.source.reads)
			}
		}
		if status := c.finish(); status[http.StatusOK] != 4*tenants {
			t.Errorf("answers %v", status)
		}
	})
}

// TestPageEndsWhenOthersTakeTurns: a page whose next read is not its turn in time
// ends with what it has, and goes on.
func TestPageEndsWhenOthersTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, func(o *history.Options) { o.MaxWait = time.Second })
		page := make(chan *httptest.ResponseRecorder, 1)
		go func() { page <- c.ask(t, "A/ann", "?after=f.1.1&events=nothing:*") }()
		synctest.Wait()
		c.flood(t, "B/mallory", 1)
		c.let()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(page) != 1 {
			t.Fatal("the page waits")
		}
		w := <-page
		var got answer
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || !got.More || got.Cursor != "f.101.1" {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		c.finish()
	})
}

// unread is a client that takes nothing of its answer until the test ends.
type unread struct {
	http.ResponseWriter
	read chan struct{}
}

func (u unread) Write(b []byte) (int, error) {
	<-u.read
	return u.ResponseWriter.Write(b)
}

// TestAnswersAreShared: whoever does not take his answers keeps none from others.
func TestAnswersAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, nil)
		close(c.source.let)
		read := make(chan struct{})
		gone := make(chan int, 200)
		for n := range 60 {
			go func() {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/history?after=f.1.1&limit=10", nil)
				r.Header.Set("Authorization", "Bearer A/"+strconv.Itoa(n%20))
				w := httptest.NewRecorder()
				c.ServeHTTP(unread{w, read}, r)
				gone <- w.Code
			}()
		}
		synctest.Wait()
		if w := c.ask(t, "B/bob", "?after=f.1.1&limit=10"); w.Code != http.StatusOK {
			t.Errorf("another tenant is answered %d %s", w.Code, w.Body)
		}
		close(read)
		for range 60 {
			if status := <-gone; status != http.StatusOK {
				t.Errorf("a request is answered %d", status)
			}
		}
	})
}

// TestPagesOfASubjectAreCounted: who asks too often is told to wait; others are not.
func TestPagesOfASubjectAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd(t, func(o *history.Options) { o.Rate, o.Burst = 2, 5 })
		close(c.source.let)
		count := func(who string, requests int) (status map[int]int) {
			status = map[int]int{}
			for range requests {
				w := c.ask(t, who, "?after=f.1.1&limit=1")
				if status[w.Code]++; w.Code != http.StatusOK && (!strings.Contains(w.Body.String(), `"code":"rate-limited"`) || w.Header().Get("Retry-After") == "") {
					t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
				}
			}
			return status
		}
		for _, who := range []string{"A/ann", "B/bob", "A/", "B/"} {
			if status := count(who, 8); status[http.StatusOK] != 5 || status[http.StatusTooManyRequests] != 3 {
				t.Errorf("%s: %v", who, status)
			}
		}
		time.Sleep(time.Second)
		if status := count("A/ann", 3); status[http.StatusOK] != 2 {
			t.Errorf("a second later: %v", status)
		}
	})
}
