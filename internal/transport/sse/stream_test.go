package sse_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"rowcast/internal/hub/room"
	"rowcast/internal/hub/signal"
	"rowcast/internal/test/raw"
	"rowcast/internal/transport/sse"
)

const annOfT = "ann_T_1h"

// TestRequests: who is let in, and what the others are told.
func TestRequests(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	for name, test := range map[string]struct {
		query  string
		header string
		tenant string // that of the stream
		status int
		code   string
	}{
		"token of one tenant":    {header: "Authorization: Bearer " + annOfT, tenant: "T"},
		"chosen tenant":          {query: "?tenant=U", header: "Authorization: Bearer ann_T-U_1h", tenant: "U"},
		"ticket":                 {query: "?ticket=ticket&tenant=T", tenant: "T"},
		"several tenants":        {header: "Authorization: Bearer ann_T-U_1h", status: 400, code: "bad-request"},
		"no tenant":              {header: "Authorization: Bearer ann__1h", status: 400, code: "bad-request"},
		"tenant of another":      {query: "?tenant=V", header: "Authorization: Bearer ann_T-U_1h", status: 403, code: "forbidden"},
		"tenant without a token": {query: "?tenant=T", status: 401, code: "invalid-token"},
		"forged":                 {header: "Authorization: Bearer forged", status: 401, code: "invalid-token"},
		"unknown ticket":         {query: "?ticket=none", status: 401, code: "invalid-token"},
		"token in the URL":       {query: "?token=" + annOfT, status: 400, code: "bad-request"},
		"bad filter":             {query: "?events=order", header: "Authorization: Bearer " + annOfT, status: 400, code: "bad-request"},
		"misspelt":               {query: "?tenants=T", header: "Authorization: Bearer " + annOfT, status: 400, code: "bad-request"},
		"two cursors":            {query: "?cursor=f1.0.0&cursor=f1.1.0", header: "Authorization: Bearer " + annOfT, status: 400, code: "bad-request"},
		"foreign origin":         {query: "?ticket=other", header: "Origin: https://evil.example", status: 403, code: "forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var header []string
			if test.header != "" {
				header = append(header, test.header)
			}
			s := b.request(t, test.query, header...)
			if test.status != 0 {
				if code, _ := raw.Problem(t, s.Response); s.StatusCode != test.status || code != test.code {
					t.Errorf("%d %s; want %d %s", s.StatusCode, code, test.status, test.code)
				}
				return
			}
			if s.StatusCode != http.StatusOK {
				t.Fatalf("status %d", s.StatusCode)
			}
			if e := s.expect("joined"); e.TenantID != test.tenant {
				t.Errorf("joined %+v", e)
			}
		})
	}
	for _, method := range []string{http.MethodPost, http.MethodHead, http.MethodDelete} {
		request, err := http.NewRequestWithContext(t.Context(), method, b.URL+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != http.MethodGet {
			t.Errorf("%s: %d", method, response.StatusCode)
		}
		_ = response.Body.Close()
	}
}

// TestHead: what stands before the stream, also behind middleware.
func TestHead(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	s := b.request(t, "", "Authorization: Bearer "+annOfT, "Origin: https://app.example")
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff",
		"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Credentials": "true",
	} {
		if got := s.Header.Get(name); got != want {
			t.Errorf("%s: %q; want %q", name, got, want)
		}
	}
	if !s.Response.Close || s.ContentLength != -1 || len(s.TransferEncoding) > 0 || s.Header.Get("Date") == "" {
		t.Errorf("head %+v", s.Response)
	}
	joined := s.expect("joined")
	if s.events.Retry != "2000" || joined.wire.ID != "f1.0.0" || joined.wire.ID != joined.Cursor || joined.wire.Name != joined.Type {
		t.Errorf("retry %s, joined %+v", s.events.Retry, joined)
	}
	b.row("T", "{\"text\":\n\"one\"\r\n}")
	if e := s.expect("order:created"); e.wire.ID != e.Cursor || e.Data.Text != "one" || e.Type != "event" || e.Event != e.wire.Name {
		t.Errorf("event %+v", e)
	}
}

// TestOtherVersions: HTTP/1.0 gets a stream, HTTP/2 a clear answer.
func TestOtherVersions(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(b.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /events HTTP/1.0\r\nAuthorization: Bearer %s\r\n\r\n", annOfT)
	head := make([]byte, 15)
	if _, err := io.ReadFull(conn, head); err != nil || string(head) != "HTTP/1.1 200 OK" {
		t.Errorf("HTTP/1.0 gets %q, %v", head, err)
	}

	handler, err := sse.NewHandler(sse.Options{Hub: b.Hub, Gate: b.Gate})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+annOfT)
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.ProtoMajor != 2 || response.StatusCode != http.StatusHTTPVersionNotSupported {
		t.Errorf("%s %d", response.Proto, response.StatusCode)
	}
	if _, detail := raw.Problem(t, response); !strings.Contains(detail, "HTTP/1.1") {
		t.Errorf("detail %s", detail)
	}
}

func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	streams := map[string]*stream{"T": b.open(t, annOfT, ""), "U": b.open(t, "ann_T-U_1h", "?tenant=U")}
	for range 50 {
		b.event("T", "canary of T")
		b.event("U", "canary of U")
	}
	for tenant, s := range streams {
		for i := range 50 {
			e := s.expect("order:created")
			if e.TenantID != tenant || e.Data.Text != "canary of "+tenant || e.Position != int64(i+1) {
				t.Fatalf("the client of %s got %+v", tenant, e)
			}
		}
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	some, all := b.open(t, annOfT, "?events=stock:*,order:deleted&events=sku:created"), b.open(t, annOfT, "?events=stock:*&events=order:*")
	b.event("T", "one")
	all.expect("order:created")
	if err := b.Hub.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	some.expect("closed") // and no event
}

func TestLastEventID(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	first := b.open(t, annOfT, "")
	if first.events.LastID != "f1.0.0" {
		t.Errorf("the first id is %q", first.events.LastID)
	}
	var ids []string
	for i := range 5 {
		b.event("T", strconv.Itoa(i+1))
		ids = append(ids, first.expect("order:created").wire.ID)
	}
	for name, test := range map[string]struct {
		query  string
		header []string
		next   int64
		reset  string
	}{
		"header":                {"", []string{"Last-Event-ID: " + ids[1]}, 3, ""},
		"cursor":                {"?cursor=" + ids[2], nil, 4, ""},
		"header beats cursor":   {"?cursor=" + ids[0], []string{"Last-Event-ID: " + ids[3]}, 5, ""},
		"header is empty":       {"?cursor=" + ids[2], []string{"Last-Event-ID: "}, 4, ""},
		"the beginning":         {"", []string{"Last-Event-ID: f1.0.0"}, 1, ""},
		"no cursor":             {"", []string{"Last-Event-ID: nonsense"}, 0, "invalid"},
		"of another history":    {"?cursor=f2.1.z", nil, 0, "diverged"},
		"header wrong, not URL": {"?cursor=" + ids[0], []string{"Last-Event-ID: f1.9.z"}, 0, "diverged"},
		"lastEventId":           {"?cursor=" + ids[0] + "&lastEventId=" + ids[2], nil, 4, ""},
		"Last-Event-ID":         {"?Last-Event-ID=" + ids[2] + "&cursor=" + ids[0], nil, 4, ""},
		"last_event_id":         {"?last_event_id=" + ids[1], nil, 3, ""},
		"evs_last_event_id":     {"?evs_preamble=2056&evs_last_event_id=" + ids[1] + "&padding=true", nil, 3, ""},
		"lastEventID, escaped":  {"?last%45ventID=" + strings.ReplaceAll(ids[1], ".", "%2e"), nil, 3, ""},
		"an older one as well":  {"?lastEventId=" + ids[0] + "&lastEventId=" + ids[3], nil, 5, ""},
		"one that is empty":     {"?lastEventId=&cursor=" + ids[3], nil, 5, ""},
		"header beats query":    {"?lastEventId=" + ids[0], []string{"Last-Event-ID: " + ids[3]}, 5, ""},
		"query is wrong":        {"?lastEventId=nonsense&cursor=" + ids[3], nil, 0, "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := b.request(t, test.query, append(test.header, "Authorization: Bearer "+annOfT)...)
			joined := s.expect("joined")
			if test.reset != "" {
				if e := s.expect("reset"); e.Reason != test.reset || e.wire.ID != e.Cursor || e.Position != 5 {
					t.Errorf("reset %+v", e)
				}
				return
			}
			if joined.Position != test.next-1 {
				t.Errorf("joined %+v", joined)
			}
			for next := test.next; next <= 5; next++ {
				if e := s.expect("order:created"); e.Position != next || e.wire.ID != ids[next-1] {
					t.Errorf("event %+v; want position %d", e, next)
				}
			}
		})
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	retries := map[string]bool{}
	var streams []*stream
	for range 5 {
		streams = append(streams, b.open(t, annOfT, ""))
	}
	if err := b.Hub.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, s := range streams {
		s.ended(`{"type":"closed","code":4001,"reason":"shutdown"}`, "")
		if ms, err := strconv.Atoi(s.events.Retry); err != nil || ms < 500 || ms > 1500 {
			t.Errorf("retry %q", s.events.Retry)
		}
		retries[s.events.Retry] = true
	}
	if len(retries) == 1 {
		t.Errorf("all come back at once: %v", retries)
	}
	s := b.request(t, "", "Authorization: Bearer "+annOfT)
	if code, _ := raw.Problem(t, s.Response); s.StatusCode != http.StatusServiceUnavailable || code != "shutdown" || s.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", s.StatusCode, code)
	}
}

// TestSlowReader takes events in pieces: nothing is lost, nothing is mixed.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, func(o *room.Options) {
		o.RingBytes, o.StallTimeout = 64<<20, time.Hour
	})
	slow, fast := b.open(t, annOfT, ""), b.open(t, annOfT, "")
	_ = slow.Conn.(*net.TCPConn).SetReadBuffer(200_000)
	const events = 400
	go func() {
		for range events {
			b.event("T", strings.Repeat("x", rand.IntN(60_000)))
		}
	}()
	for i := range events {
		if e := fast.expect("order:created"); e.Position != int64(i+1) {
			t.Fatalf("position %d at %d", e.Position, i+1)
		}
	}
	if b.Hub.Stats().Blocked == 0 {
		t.Error("the reader is not slow enough to show anything")
	}
	for i := range events {
		if e := slow.expect("order:created"); e.Position != int64(i+1) {
			t.Fatalf("position %d at %d", e.Position, i+1)
		}
	}
}

// TestSlowConsumer: one that takes nothing for a while is told so when it reads,
// and goes on where it was.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, func(o *room.Options) {
		o.StallTimeout, o.RingBytes = 50*time.Millisecond, 64<<20
		o.CloseTimeout = time.Hour // "closed" comes behind all that is on its way
	})
	s := b.open(t, annOfT, "")
	_ = s.Conn.(*net.TCPConn).SetReadBuffer(200_000)
	const events = 400
	for range events {
		b.event("T", strings.Repeat("x", 50_000))
	}
	for b.Hub.Stats().Subscriptions > 0 { // until the hub has had enough
		time.Sleep(time.Millisecond)
	}
	next, closes := int64(1), 0
	for next <= events {
		switch e := s.next(); {
		case e.wire.Name == "order:created" && e.Position == next:
			next++
		case e.wire.Name == "closed" && e.wire.Data == `{"type":"closed","code":4002,"reason":"slow-consumer"}`:
			closes++
			s = b.open(t, annOfT, "", "Last-Event-ID: "+s.events.LastID)
		default:
			t.Fatalf("got %.200v; want position %d", e, next)
		}
	}
	if closes == 0 {
		t.Error("the consumer is not slow enough to show anything")
	}
}

// TestStalledClient: one that never reads again is cut off, by the deadline of
// a write.
func TestStalledClient(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, func(o *room.Options) {
		o.StallTimeout, o.CloseTimeout = 200*time.Millisecond, 200*time.Millisecond
	})
	s := b.open(t, annOfT, "")
	_ = s.Conn.(*net.TCPConn).SetReadBuffer(200_000)
	for b.Hub.Stats().Sessions > 0 {
		b.event("T", strings.Repeat("x", 50_000))
	}
	if n := b.Hub.Stats().Closes[signal.SlowConsumer]; n != 1 {
		t.Errorf("closes: %v", b.Hub.Stats().Closes)
	}
}

// TestClientLeaves: the server notices, and holds nothing for it.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(c *net.TCPConn) error{
		"close": (*net.TCPConn).Close, "half": (*net.TCPConn).CloseWrite,
		"reset": func(c *net.TCPConn) error { _ = c.SetLinger(0); return c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil, nil)
			s := b.open(t, annOfT, "")
			if err := leave(s.Conn.(*net.TCPConn)); err != nil {
				t.Fatal(err)
			}
			for deadline := time.Now().Add(2 * time.Minute); b.Hub.Stats().Sessions > 0; time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the session lives on")
				}
			}
		})
	}
}

func TestTalkingClientIsSentAway(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	s := b.open(t, annOfT, "")
	if _, err := s.Conn.Write([]byte(strings.Repeat("x", 10<<10))); err != nil { // a little is ignored
		t.Fatal(err)
	}
	b.event("T", "still")
	s.expect("order:created")
	if _, err := s.Conn.Write([]byte(strings.Repeat("x", 10<<10))); err != nil {
		t.Fatal(err)
	}
	if e := s.expect("closed"); e.wire.Data != `{"type":"closed","code":4500,"reason":"bad-request"}` {
		t.Errorf("closed %+v", e)
	}
}

// TestBodyIsIgnored: a GET with a body, and a request behind it.
func TestBodyIsIgnored(t *testing.T) {
	t.Parallel()
	b := setup(t, nil, nil)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(b.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /events HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\nContent-Length: 5\r\n\r\nhello"+
		"GET /events HTTP/1.1\r\nHost: h\r\n\r\n", annOfT)
	s := answer(t, conn)
	s.expect("joined")
	b.event("T", "one")
	s.expect("order:created")
}
