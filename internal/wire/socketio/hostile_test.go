package socketio_test

import (
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"rowcast/internal/wire/engineio"
	"rowcast/internal/wire/socketio"
)

// TestHostileClients: what once brought other servers down (CVE-2026-33151,
// CVE-2023-32695, CVE-2022-2421, CVE-2022-41940 and their like) ends the session
// of who sends it, over either transport, and others are served.
func TestHostileClients(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{})
	good := b.join(t)
	for name, messages := range map[string][]string{
		"attachments without end":      {`4599999999-["a",{"_placeholder":true,"num":0}]`},
		"eleven attachments":           {`4511-["a"]`},
		"a number that overflows":      {`459999999999999999999999-["a"]`},
		"an object for an event":       {`42{"toString":"x"}`},
		"an object for a name":         {`42[{"toString":"x"}]`},
		"a text for an event":          {`42"connect"`},
		"a placeholder for a method":   {`451-["a",{"_placeholder":true,"num":"splice"}]`, "bx"},
		"a placeholder beyond":         {`451-["a",{"_placeholder":true,"num":1}]`, "bx"},
		"a placeholder below":          {`451-["a",{"_placeholder":true,"num":-1}]`, "bx"},
		"nested arrays":                {`42["a",` + strings.Repeat("[", 400_000)},
		"nested objects":               {"40/x," + strings.Repeat(`{"a":`, 150_000)},
		"arguments without end":        {`42["a"` + strings.Repeat(",1", 400_000) + "]"},
		"a namespace without end":      {"40/" + strings.Repeat("x", 900_000)},
		"an id without end":            {"42" + strings.Repeat("1", 900_000) + `["a"]`},
		"text that is no UTF-8":        {"42[\"\xff\xfe\"]"},
		"an acknowledgement of itself": {"43"},
	} {
		c := b.join(t)
		for _, m := range messages {
			kind := 1
			text, binary := strings.CutPrefix(m, "b")
			if binary {
				kind = 2
			}
			if c.WriteMessage(kind, []byte(text)) != nil {
				break // closed meanwhile
			}
		}
		c.Closed()
		if reason := <-b.main.ended; reason != string(engineio.ParseError) && reason != string(engineio.TransportError) {
			t.Errorf("%s: ended for %q", name, reason)
		}
		polled := make([]string, 0, len(messages))
		for _, m := range messages {
			if !strings.HasPrefix(m, "b") { // the text alone is refused
				polled = append(polled, m)
			}
		}
		query, status := b.post(t, strings.Join(append([]string{"40"}, polled...), "\x1e"))
		if status != http.StatusBadRequest {
			t.Errorf("%s: a POST was answered with %d", name, status)
		}
		if status, _ := b.do(t, http.MethodGet, query, ""); status != http.StatusBadRequest {
			t.Errorf("%s: the session goes on", name)
		}
		<-b.main.ended
		good.Send(`42["still","here"]`)
		good.Want(`42["still","here"]`)
	}
}

// TestManyPacketsAtOnce: ten thousand in one POST are answered, or refused, and
// cost no more than they are.
func TestManyPacketsAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{})
	for name, c := range map[string]struct {
		packet string
		status int
	}{
		"leave with a payload": {`41["a"]`, http.StatusBadRequest},
		"to a namespace":       {`42/y,["a"]`, http.StatusBadRequest},
		"connects":             {"40/y", http.StatusOK},
		"events":               {`42["a"]`, http.StatusOK},
		"connects once more":   {"40", http.StatusBadRequest},
		"of nothing":           {"", http.StatusBadRequest},
	} {
		query, status := b.post(t, "40"+strings.Repeat("\x1e"+c.packet, 10_000))
		if status != c.status {
			t.Errorf("%s: %d, want %d", name, status, c.status)
		}
		if status, _ := b.do(t, http.MethodGet, query, ""); status != c.status {
			t.Errorf("%s: a poll was answered with %d, want %d", name, status, c.status)
		}
	}
	c := b.join(t)
	c.Send(`42["still"]`)
	c.Want(`42["still"]`)
}

// TestLargeRequests: bodies and headers are refused before they are read whole.
func TestLargeRequests(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{})
	if _, status := b.post(t, `42["`+strings.Repeat("x", 1_000_000)+`"]`); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body: %d", status)
	}
	c := b.join(t)
	_ = c.WriteMessage(1, []byte(`42["`+strings.Repeat("x", 1_000_000)+`"]`)) // may be closed meanwhile
	c.Closed()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.URL+"/?EIO=4&transport=polling", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+strings.Repeat("a.", 30_000))
	w, err := b.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = w.Body.Close()
	if w.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header: %d", w.StatusCode)
	}
}

// TestNothingIsLeftBehind: clients that come and go leave no goroutine and no
// memory, whichever way they go.
func TestNothingIsLeftBehind(t *testing.T) {
	cycles := 10_000
	if testing.Short() || raceEnabled {
		cycles = 2_000
	}
	b := setup(t, socketio.Options{})
	var rooms socketio.Rooms
	b.main.event = func(s *socketio.Socket, _ socketio.Event) {
		rooms.Join(s, "all")
		s.EmitWithAck(time.Hour, func(socketio.Answer) {}, "ask")
	}
	go func() {
		for range b.main.ended {
		}
	}()
	defer close(b.main.ended)
	visit := func(i int) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(timeout))
		fmt.Fprintf(conn, "GET /?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
		seen := ""
		buf := make([]byte, 2048)
		read := func(what string) {
			for !strings.Contains(seen, what) {
				n, err := conn.Read(buf)
				if err != nil {
					t.Fatalf("wait for %s after %q: %v", what, seen, err)
				}
				seen += string(buf[:n])
			}
		}
		read(`0{"sid"`)
		_, _ = conn.Write(masked(1, "40"))
		read(`40{"sid"`)
		_, _ = conn.Write(masked(1, `42["a"]`))
		read(`421["ask"]`)
		switch i % 3 {
		case 0: // cut
		case 1:
			_, _ = conn.Write(masked(1, "41"))
			_, _ = conn.Write(masked(8, ""))
		default:
			_, _ = conn.Write(masked(1, "4garbage"))
		}
	}
	idle := runtime.NumGoroutine() // with those of tests that wait for their turn
	round := func(n int) (heap uint64) {
		for i := range n {
			visit(i)
		}
		if err := b.sockets.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if rooms.Send("all", nil) > 0 {
			t.Error("somebody is in a room")
		}
		// net/http closes connections a little later.
		for deadline := time.Now().Add(timeout); runtime.NumGoroutine() > idle+5; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d goroutines became %d", idle, runtime.NumGoroutine())
			}
		}
		runtime.GC()
		runtime.GC() // pools give back what they hold at the second
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := round(200)
	after := round(cycles)
	t.Logf("%d cycles: %d goroutines became %d, %d bytes of heap %d", cycles, idle, runtime.NumGoroutine(), before, after)
	if after > before+uint64(cycles)*50 {
		t.Errorf("%d bytes of heap became %d", before, after)
	}
}

// masked is a short frame of a client, with a mask of zeros.
func masked(opcode byte, text string) []byte {
	return append([]byte{0x80 | opcode, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
}
