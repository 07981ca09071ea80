package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/gorilla/websocket"

	"rowcast/internal/access/auth"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/servetest"
)

const (
	databaseCanary = "canary-database-password"
	secretCanary   = "canary-jwt-secret-of-at-least-thirty-two-bytes"
	injection      = "\r\ntime=2026-01-01T00:00:00Z level=ERROR msg=forged\x1b[31m\u2028\u202e"
	forgedLine     = "msg=forged"
)

// attack is what a hostile client does, to a server whose log is read later.
type attack struct {
	t       *testing.T
	url     string
	token   string
	tickets []string
}

// raw sends bytes over a connection of its own and reads what comes back.
func (a *attack) raw(request string) string {
	a.t.Helper()
	u, err := url.Parse(a.url)
	if err != nil {
		a.t.Fatal(err)
	}
	conn, err := new(net.Dialer).DialContext(a.t.Context(), "tcp", u.Host)
	if err != nil {
		a.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(timeout))
	_, _ = io.WriteString(conn, strings.ReplaceAll(request, "$HOST", u.Host)) // the server may hang up before the end
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
	answer, _ := io.ReadAll(io.LimitReader(conn, 1<<20)) // a reset is an answer, too
	return string(answer)
}

// requests have names, headers, tokens and bodies that are not what they should be.
func (a *attack) requests() {
	forged := a.token[:len(a.token)-6] + "AAAAAA"
	for _, path := range []string{"/ws", "/events", "/history", "/tickets", "/socket.io/", "/socket.io/?EIO=4&transport=polling", "/nowhere", "/"} {
		for _, header := range []string{
			"Authorization: Bearer " + forged, "Authorization: Bearer " + a.token + "x", "Authorization: Basic " + a.token,
			"Authorization: Bearer " + a.token + "\r\nAuthorization: Bearer " + a.token,
			"Cookie: token=" + a.token, "User-Agent: \x1b[2J" + forgedLine, "X-Forwarded-For: \x1b[31m, " + forgedLine, "Origin: https://evil.example\x1b[0m",
			"Origin: null", "Host: evil\x1b.example", "Last-Event-ID: \x1b" + forgedLine, "Sec-WebSocket-Protocol: bearer." + forged,
			"X: a\r\n folded: " + forgedLine, "Content-Length: 99999999999999999999", "Transfer-Encoding: chunked, gzip", "X\x00: y",
			"X: " + strings.Repeat("x", 64<<10),
		} {
			for _, method := range []string{"GET", "POST", "OPTIONS"} {
				a.raw(method + " " + path + " HTTP/1.1\r\nHost: $HOST\r\nConnection: close\r\n" + header + "\r\n\r\n")
			}
		}
		for _, query := range []url.Values{
			{"token": {a.token}},
			{"access_token": {a.token}},
			{"ticket": {"unknown" + injection}},
			{"tenant": {"T" + injection}, "ticket": a.tickets},
			{"cursor": {injection}, "after": {injection}, "events": {injection}},
			{"EIO": {injection}, "transport": {injection}, "sid": {injection}},
		} {
			separator := "?"
			if strings.Contains(path, "?") {
				separator = "&"
			}
			a.raw("GET " + path + separator + query.Encode() + " HTTP/1.1\r\nHost: $HOST\r\nConnection: close\r\n\r\n")
			a.raw("GET " + path + separator + query.Encode() + " HTTP/1.1\r\nHost: $HOST\r\nConnection: close\r\nAuthorization: Bearer " + a.token + "\r\n\r\n")
		}
	}
	for _, request := range []string{
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "GET", "GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"GET /" + forgedLine + "\x1b HTTP/1.1\r\nHost: x\r\n\r\n", "GET http://evil.example/ws HTTP/1.1\r\nHost: $HOST\r\n\r\n",
		"GET /" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\nHost: $HOST\r\n\r\n",
	} {
		a.raw(request)
	}
}

// messages says on every wire what nobody should.
func (a *attack) messages() {
	texts := []string{
		`{"type":"auth","token":"` + a.token + `x"}`, `{"type":"auth","token":"a.b.c\r\n` + forgedLine + `"}`, `{"type":"\u001b[31m\nforged"}`,
		`{"type":"join-tenant","tenantId":"T\r\n` + forgedLine + `\u001b"}`, `{"type":"join-tenant","tenantId":"T","cursor":"\r\n` + forgedLine + `"}`,
		`{"type":"join-tenant","tenantId":"T","events":["\r\n` + forgedLine + `"]}`, injection, "{", "null", strings.Repeat("[", 60<<10), "\xff\xfe", strings.Repeat("x", 70<<10),
	}
	for _, text := range texts {
		if c, err := dialFeed(a.t.Context(), a.url, a.token); err == nil {
			_ = c.conn.WriteMessage(websocket.TextMessage, []byte(text))
			_ = c.conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`))
			for {
				if m, err := c.next(); err != nil || m.Type == "pong" {
					break
				}
			}
			_ = c.conn.Close()
		}
		conn := dialSocketIO(a.t, a.url, nil)
		quoted, _ := json.Marshal(text)
		for _, packet := range []string{`40{"token":"` + a.token + `"}`, `42["join-tenant",` + string(quoted) + `]`, `42[` + string(quoted) + `]`, `40/x,` + text, "41"} {
			_ = conn.WriteMessage(websocket.TextMessage, []byte(packet))
		}
		for range 3 {
			if _, err := conn.Read(); err != nil {
				break
			}
		}
		_ = conn.Close()
	}
}

// TestNothingSecretIsLogged attacks a server that logs everything, takes its
// database away, and reads the log: no secret is in it, each line is a record of
// its own, and none was written by an attacker.
func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	withPassword := strings.Replace(s.DSN, "postgres://", "postgres://postgres:"+databaseCanary+"@", 1) + "&password=" + databaseCanary
	records, lines := new(servetest.Transcript), new(servetest.Transcript)
	everything := &slog.HandlerOptions{Level: slog.LevelDebug}
	r := startLogging(t, s, slog.New(both{slog.NewJSONHandler(records, everything), slog.NewTextHandler(lines, everything)}),
		"DATABASE_URL="+withPassword, "JWT_SECRET="+secretCanary)
	token, err := auth.Mint([]byte(secretCanary), auth.MintClaims{Subject: "mallory", Tenants: []string{"T", inventory.AcmeID}}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	a := &attack{t: t, url: r.url, token: token}
	for range 3 {
		var ticket struct{ Ticket string }
		if _, said := request(t, http.MethodPost, httpURL(r.url, "/tickets", nil), token, ""); json.Unmarshal([]byte(said), &ticket) != nil {
			t.Fatal(said)
		}
		a.tickets = append(a.tickets, ticket.Ticket)
	}
	a.requests()
	a.messages()
	// Names that the database says: of tables, roles and applications.
	s.Exec(t, `set application_name = 'x`+strings.ReplaceAll(injection, "\u2028\u202e", "")+`'`,
		`create table "t`+injection+`" (id int primary key, tenant_id text)`, `select rowcast.watch('"t`+injection+`"', name => 'odd')`,
		`alter table "t`+injection+`" disable trigger all`, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', E'A1\r\n`+forgedLine+`', 'x')`,
		`select rowcast.revoke(subject => E'x\r\n`+forgedLine+`', reason => E'\r\n`+forgedLine+`')`)
	s.Exec(t, `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
	deadline := time.Now().Add(timeout)
	for !strings.Contains(lines.String(), "lost") || !strings.Contains(lines.String(), "captured in full") {
		if time.Now().After(deadline) {
			t.Fatalf("the log does not tell of what was done to the database:\n%s", lines.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
	r.stop()

	secrets := append([]string{databaseCanary, secretCanary, token, strings.Split(token, ".")[2], strings.Split(token, ".")[1]}, a.tickets...)
	for _, log := range []string{records.String(), lines.String()} {
		for _, secret := range secrets {
			if i := strings.Index(log, secret); i >= 0 {
				t.Errorf("the log shows %.30q…: %q", secret, log[max(0, i-200):min(len(log), i+100)])
			}
		}
	}
	for line := range strings.Lines(records.String()) {
		var record struct{ Time, Level, Msg string }
		if err := json.Unmarshal([]byte(line), &record); err != nil || record.Msg == "" || record.Level == "ERROR" {
			t.Errorf("no record of ours: %q: %v", line, err)
		}
	}
	ours := regexp.MustCompile(`^time=\S+ level=(DEBUG|INFO|WARN) msg=`)
	for line := range strings.Lines(lines.String()) {
		line = strings.TrimSuffix(line, "\n")
		if !ours.MatchString(line) || strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u202e' }) {
			t.Errorf("no line of ours: %q", line)
		}
	}
}

// both is a handler that hands records to two others.
type both [2]slog.Handler

func (b both) Enabled(context.Context, slog.Level) bool { return true }

func (b both) Handle(ctx context.Context, r slog.Record) error {
	_ = b[0].Handle(ctx, r.Clone())
	return b[1].Handle(ctx, r)
}

func (b both) WithAttrs(attrs []slog.Attr) slog.Handler {
	return both{b[0].WithAttrs(attrs), b[1].WithAttrs(attrs)}
}

func (b both) WithGroup(name string) slog.Handler {
	return both{b[0].WithGroup(name), b[1].WithGroup(name)}
}

// TestNoCommandShowsThePassword has every command fail with a database URL of
// every form, and reads what it says.
func TestNoCommandShowsThePassword(t *testing.T) {
	t.Parallel()
	commands := [][]string{
		{"serve"},
		{"migrate"},
		{"migrate", "--down"},
		{"watch", "t"},
		{"unwatch", "t"},
		{"tail", "--tenant", "T"},
		{"revoke", "--subject", "ann"},
		{"revoke", "--list"},
		{"revoke", "--undo", "1"},
	}
	for _, database := range []string{
		"postgres://user:" + databaseCanary + "@127.0.0.1:1/shop", "postgres://user@127.0.0.1:1/shop?password=" + databaseCanary,
		"host=127.0.0.1 port=1 user=u password=" + databaseCanary, "host=127.0.0.1 port=1 password='" + databaseCanary + " x'",
		"postgres://user:" + databaseCanary + "@127.0.0.1:port/shop", "postgres://user:" + databaseCanary + "%zz@127.0.0.1/shop",
		"postgres://user:" + databaseCanary + "@127.0.0.1:1/shop?sslmode=none", "postgres://user:" + databaseCanary + "@[::1/shop",
		"host=127.0.0.1 port=x password=" + databaseCanary, "mysql://user:" + databaseCanary + "@127.0.0.1/shop",
		"host=127.0.0.1 port=1 sslmode=verify-full sslrootcert=/nowhere password=" + databaseCanary,
	} {
		for _, args := range commands {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			var out, problems bytes.Buffer
			run(ctx, args, []string{"DATABASE_URL=" + database, "JWT_SECRET=" + secretCanary, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0"}, &out, &problems)
			cancel()
			said := out.String() + problems.String()
			if said == "" || strings.Contains(said, databaseCanary) || strings.Contains(said, secretCanary) {
				t.Errorf("%s with %s says %q", args, strings.ReplaceAll(database, databaseCanary, "…"), said)
			}
		}
	}
}

// TestCompressionIsNotOffered asks for permessage-deflate, and sends a bomb that
// says that it is compressed.
func TestCompressionIsNotOffered(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	wsURL, _ := serve(t, s)
	for _, path := range []string{"/ws", "/socket.io/?EIO=4&transport=websocket"} {
		u, err := url.Parse(wsURL)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", u.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(timeout))
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n"+
			"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, permessage-deflate\r\n\r\n", path, u.Host, base64.StdEncoding.EncodeToString(make([]byte, 16)))
		in := bufio.NewReader(conn)
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusSwitchingProtocols || response.Header.Get("Sec-Websocket-Extensions") != "" {
			t.Errorf("%s: %d %v", path, response.StatusCode, response.Header)
		}
		// FIN, RSV1, text, masked with zeros: eight bytes that stand for many.
		_, _ = conn.Write([]byte("\xc1\x88\x00\x00\x00\x00\xec\xc1\x01\x01\x00\x00\x00\x80"))
		rest, _ := io.ReadAll(in)
		if end := bytes.LastIndexByte(rest, 0x88); end < 0 || !bytes.Contains(rest[end:], []byte{0x03, 0xea}) { // close 1002
			t.Errorf("%s: a compressed frame is answered with %q", path, rest)
		}
	}
}

// TestFloodOfRefusedHandshakesLeavesNothing knocks twenty thousand times, in
// every way that is refused, and looks at what the server has kept.
func TestFloodOfRefusedHandshakesLeavesNothing(t *testing.T) { //nolint:paralleltest // it measures the heap
	s := newEnv(t)
	wsURL, _ := serve(t, s)
	good := token(t, "T")
	knock := func(n int) {
		client := &http.Transport{MaxIdleConnsPerHost: 8}
		defer client.CloseIdleConnections()
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Go(func() {
				for i := range n / 8 {
					path, header := "/ws", http.Header{"Authorization": {fmt.Sprintf("Bearer %s%d.%d", good, worker, i)}}
					switch i % 4 {
					case 1:
						path = fmt.Sprintf("/events?ticket=%d-%d", worker, i)
						header = http.Header{}
					case 2:
						path = fmt.Sprintf("/socket.io/?EIO=4&transport=polling&sid=%d-%d", worker, i)
					case 3:
						header = http.Header{"Origin": {fmt.Sprintf("https://%d-%d.evil.example", worker, i)}, "X-Forwarded-For": {fmt.Sprintf("203.0.113.%d", i%256)}}
					}
					r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(httpURL(wsURL, path, nil), "?"), nil)
					if err != nil {
						t.Error(err)
						return
					}
					r.Header = header
					response, err := client.RoundTrip(r)
					if err != nil {
						t.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
					if response.StatusCode < 400 {
						t.Errorf("%s is answered with %d", path, response.StatusCode)
					}
				}
			})
		}
		wg.Wait()
	}
	heap := func() uint64 {
		var m runtime.MemStats
		for range 3 {
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	knock(2_000)
	before := heap()
	knock(20_000)
	if after := heap(); after > before+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
}
