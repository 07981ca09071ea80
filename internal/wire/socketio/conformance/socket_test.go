package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestConnect: to namespaces with and without a payload, to one that is not
// there, with garbage, and not at all.
func TestConnect(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	for connect, want := range map[string][2]string{
		"40":                        {"40", `42["auth",{}]`},
		`40{"token":"123"}`:         {"40", `42["auth",{"token":"123"}]`},
		"40/custom,":                {"40/custom,", `42/custom,["auth",{}]`},
		"40/custom":                 {"40/custom,", `42/custom,["auth",{}]`},
		`40/custom,{"token":"abc"}`: {"40/custom,", `42/custom,["auth",{"token":"abc"}]`},
	} {
		c := b.open(t, socketPath)
		c.Send(connect)
		if answer := c.accepted(want[0]); len(answer) != 1 {
			t.Errorf("%s: %v", connect, answer)
		}
		c.Want(want[1])
	}
	c := b.open(t, socketPath)
	c.Send("40/random")
	c.Want(`44/random,{"message":"Invalid namespace"}`)
	c.Send("4abc")
	c.Closed()
	hurried := setup(t, options{connectTimeout: 50 * time.Millisecond})
	hurried.open(t, socketPath).Closed()
	hurried.open(t, echoPath).Send("4x")
}

// TestLeave: the session goes on, and so do other namespaces.
func TestLeave(t *testing.T) {
	t.Parallel()
	b := setup(t, options{pingInterval: 50 * time.Millisecond, pingTimeout: timeout})
	c := b.join(t)
	c.Send("41")
	c.Want("2")
	c = b.join(t)
	c.Want("2")
	c.Send("40/custom")
	c.accepted("40/custom,")
	c.Want(`42/custom,["auth",{}]`)
	c.Send("41/custom", `42["message","message to main namespace"]`)
	c.Want(`42["message-back","message to main namespace"]`)
}

// TestMessages: arguments come back byte for byte.
func TestMessages(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	c := b.join(t)
	c.Send(`42["message",1,"2",{"3":[true]}]`)
	c.Want(`42["message-back",1,"2",{"3":[true]}]`)
	c.Send(`42456["message-with-ack",1,"2",{"3":[false]}]`)
	c.Want(`43456[1,"2",{"3":[false]}]`)
	args := `{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`
	c.Send(`452-["message",`+args, "b\x01\x02\x03", "b\x04\x05\x06")
	c.Want(`452-["message-back",`+args, "b\x01\x02\x03", "b\x04\x05\x06")
	c.Send(`452-789["message-with-ack",`+args, "b\x01\x02\x03", "b\x04\x05\x06")
	c.Want(`462-789[`+args, "b\x01\x02\x03", "b\x04\x05\x06")
	c.Send(`42["ask","why"]`)
	c.Want(`421["question","why"]`)
	c.Send(`431["because"]`)
	c.Want(`42["answer","because"]`)
	for _, m := range []string{"4abc", "42{}", `42abc["message-with-ack",1,"2",{"3":[false]}]`} {
		c := b.join(t)
		c.Send(m)
		c.Closed()
	}
}

// TestMessagesByPolling: the same without a WebSocket.
func TestMessagesByPolling(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	session := b.poll(t, socketPath)
	b.want(t, http.MethodPost, session, `40`+"\x1e"+`452-7["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`+"\x1ebAQID\x1ebBAUG", http.StatusOK, "ok")
	_, body := b.do(t, http.MethodGet, session, "")
	packets := strings.Split(body, "\x1e")
	if len(packets) != 5 || !strings.HasPrefix(packets[0], `40{"sid":`) || packets[1] != `42["auth",{}]` ||
		packets[2] != `462-7[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]` || packets[3] != "bAQID" || packets[4] != "bBAUG" {
		t.Errorf("got %q", packets)
	}
}

// TestBroadcast: everyone in the namespace gets it.
func TestBroadcast(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	one, two := b.join(t), b.join(t)
	one.Send(`42["broadcast",1]`, `451-["broadcast",{"_placeholder":true,"num":0}]`, "bx")
	for _, c := range []*client{one, two} {
		c.Want(`42["bcast",1]`, `451-["bcast",{"_placeholder":true,"num":0}]`, "bx")
	}
}

// TestCORS: any page may connect.
func TestCORS(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	both(t, func(t *testing.T, path string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.URL+path+polling, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "http://elsewhere.example")
		w, err := b.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = w.Body.Close()
		if got := w.Header.Get("Access-Control-Allow-Origin"); got != "*" {
			t.Errorf("allowed origin %q", got)
		}
	})
}

// follower is a client that can recover.
type follower struct {
	*client
	pid, offset string
}

// follow connects, with what it knows of an earlier connection.
func (b *bundle) follow(t *testing.T, pid, offset string) *follower {
	t.Helper()
	c := b.open(t, socketPath)
	if pid == "" {
		c.Send("40")
	} else {
		c.Send(fmt.Sprintf(`40{"pid":%q,"offset":%q}`, pid, offset))
	}
	return &follower{c, c.accepted("40")["pid"], offset}
}

// event reads an event, and gives its name and first argument.
func (f *follower) event() string {
	f.t.Helper()
	m := f.Next()
	var args []json.RawMessage
	if err := json.Unmarshal([]byte(strings.TrimPrefix(m, "42")), &args); err != nil || len(args) != 3 {
		f.t.Fatalf("%q: %v", m, err)
	}
	if err := json.Unmarshal(args[2], &f.offset); err != nil || f.offset == "" {
		f.t.Fatalf("%q has no offset", m)
	}
	return strings.Trim(string(args[0]), `"`) + " " + string(args[1])
}

// TestRecovery: who comes back gets what it missed, once and in order, with its
// own pid, again and again.
func TestRecovery(t *testing.T) {
	t.Parallel()
	b := setup(t, options{recovery: true})
	sender := b.follow(t, "", "")
	if got := sender.event(); got != "auth {}" || sender.pid == "" {
		t.Fatal(got, sender.pid)
	}
	for seen := range 4 { // of three broadcasts, in the first connection
		f := b.follow(t, "", "")
		f.event()
		pid := f.pid
		broadcast := func(n int) {
			sender.Send(fmt.Sprintf(`42["broadcast",%d]`, n))
			if got := sender.event(); got != fmt.Sprint("bcast ", n) {
				t.Fatal(got)
			}
		}
		for n := range 3 {
			broadcast(n)
		}
		for n := range seen {
			if got := f.event(); got != fmt.Sprint("bcast ", n) {
				t.Fatal(got)
			}
		}
		for range 2 { // the second time nothing is missed
			_ = f.Close()
			f = b.follow(t, pid, f.offset)
			if f.pid != pid {
				t.Fatalf("did not recover after %d", seen)
			}
			for ; seen < 3; seen++ {
				if got := f.event(); got != fmt.Sprint("bcast ", seen) {
					t.Fatal(got)
				}
			}
			if got := f.event(); !strings.HasPrefix(got, "auth ") {
				t.Fatal(got)
			}
		}
		broadcast(3)
		if got := f.event(); got != "bcast 3" {
			t.Fatal(got)
		}
		f.Send(`42["message",7]`)
		if got := f.event(); got != "message-back 7" {
			t.Fatal(got)
		}
	}
}

// TestRecoveryTooOld: who cannot get all that it missed gets a new pid.
func TestRecoveryTooOld(t *testing.T) {
	t.Parallel()
	b := setup(t, options{recovery: true})
	f := b.follow(t, "", "")
	f.event()
	for n := range maxKept + 1 {
		f.Send(fmt.Sprintf(`42["broadcast",%d]`, n))
	}
	old := f.offset
	f.event()
	oldest := f.offset
	for range maxKept {
		f.event()
	}
	name, _, _ := strings.Cut(old, ".")
	for offset, recovers := range map[string]bool{
		old: false, oldest: true, f.offset: true, name + ".99999": false, name + ".-1": false, "OTHER.3": false, "": false, "garbage": false,
	} {
		c := b.follow(t, "mine", offset)
		if got := c.pid == "mine"; got != recovers || c.pid == "" {
			t.Errorf("%q: recovered is %v, pid %q", offset, got, c.pid)
		}
	}
}
