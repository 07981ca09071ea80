package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"rowcast/internal/command"
	"rowcast/internal/command/program"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/operate/config"
	"rowcast/internal/service"
	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/raw"
	"rowcast/internal/test/servetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(isProgram) != "" {
		main()
	}
	pgtest.Main(m)
}

const (
	// isProgram makes a process of this test binary rowcast itself.
	isProgram = "TEST_BINARY_IS_ROWCAST"

	secret = "a secret of at least thirty-two bytes"
	// timeout bounds every wait; it decides nothing but when to give up.
	timeout = 2 * time.Minute
)

// newEnv makes a database with the inventory of two tenants.
func newEnv(t *testing.T) *pgtest.Env {
	t.Helper()
	return seeded(t, pgtest.Database(t))
}

// seeded is newEnv for a database that is there.
func seeded(t *testing.T, dsn string) *pgtest.Env {
	t.Helper()
	pgtest.Migrate(t, dsn, pgtest.WithInventory)
	s := pgtest.Open(t, dsn)
	if _, err := inventory.Seed(t.Context(), s.Conn); err != nil {
		t.Fatal(err)
	}
	return s
}

// running is a server on the database of an env. stop ends it in an orderly
// way.
type running struct {
	url, admin string
	stop       func()
}

func serve(t *testing.T, s *pgtest.Env, settings ...string) (url string, stop func()) {
	t.Helper()
	r := start(t, s, settings...)
	return r.url, r.stop
}

// start runs a server. Settings override those before them.
func start(t *testing.T, s *pgtest.Env, settings ...string) running {
	t.Helper()
	return startLogging(t, s, slog.New(slog.NewTextHandler(t.Output(), nil)), settings...)
}

// startLogging runs a server that logs to log.
func startLogging(t *testing.T, s *pgtest.Env, log *slog.Logger, settings ...string) running {
	t.Helper()
	environ := append([]string{
		"DATABASE_URL=" + s.DSN, "JWT_SECRET=" + secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0",
	}, settings...)
	cfg, err := config.Load(nil, environ)
	if err != nil {
		t.Fatal(err)
	}
	server, err := service.New(t.Context(), cfg, log, service.Listen)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx, nil) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("server ended with %v", err)
		}
		server.Close()
	})
	t.Cleanup(stop)
	return running{server.WebSocketURL(), "http://" + server.Admin().String(), stop}
}

// token lets its bearer join these tenants for an hour.
func token(t *testing.T, tenants ...string) string {
	t.Helper()
	return person(t, "test", "", tenants...)
}

// message is what the server sends.
type message struct {
	Type, Event, TenantID, Cursor, Reason, Code string
	From, Position                              int64
	Data, Previous                              json.RawMessage
	Changed                                     []string
	Source                                      *struct{ Table, Op, Tx, Writer string }
}

// client is a WebSocket client that keeps everything it receives.
type client struct {
	conn *raw.Feed
	raw  bytes.Buffer
}

func dialFeed(ctx context.Context, url, token string) (*client, error) {
	return dialFrom(ctx, url, token, nil)
}

// dialFrom dials with headers of its own.
func dialFrom(ctx context.Context, url, token string, header http.Header) (*client, error) {
	conn, err := raw.DialFeed(ctx, url, token, raw.Options{Header: header})
	if err != nil {
		return nil, err
	}
	return &client{conn: conn}, nil
}

// dialSocketIO opens a WebSocket of Socket.IO beside that at wsURL, and sends
// packets.
func dialSocketIO(t *testing.T, wsURL string, header http.Header, packets ...string) *raw.Packets {
	t.Helper()
	query := url.Values{"EIO": {"4"}, "transport": {"websocket"}}
	c := raw.DialPackets(t, "ws"+strings.TrimPrefix(httpURL(wsURL, "/socket.io/", query), "http"), header)
	c.Send(packets...)
	return c
}

// join connects and joins a tenant; it returns once that is confirmed.
func join(t *testing.T, url, tenant, cursor string, events ...string) (*client, message) {
	t.Helper()
	c, err := dialFeed(t.Context(), url, token(t, tenant))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.conn.Close() })
	c.send(t, map[string]any{"type": "join-tenant", "tenantId": tenant, "cursor": cursor, "events": events})
	return c, c.until(t, "joined", func(m message) bool { return m.Type == "joined" })
}

func (c *client) send(t *testing.T, value any) {
	t.Helper()
	if err := c.conn.WriteJSON(value); err != nil {
		t.Fatal(err)
	}
}

// next reads a message.
func (c *client) next() (m message, err error) {
	body, err := c.conn.Next()
	if err != nil {
		return m, err
	}
	c.raw.Write(body)
	if err := json.Unmarshal(body, &m); err != nil {
		return m, fmt.Errorf("decode %s: %w", body, err)
	}
	return m, nil
}

func (c *client) until(t *testing.T, what string, condition func(m message) bool) message {
	t.Helper()
	for {
		m, err := c.next()
		if err != nil {
			t.Fatalf("waiting for %s: %v; received:\n%s", what, err, c.raw.String())
		}
		if condition(m) {
			return m
		}
	}
}

// events reads events until the named one has come, and returns the names in
// order, without the coalesced one of the dashboard.
func (c *client) events(t *testing.T, last string) []message {
	t.Helper()
	var got []message
	c.until(t, last, func(m message) bool {
		if m.Type == "event" && m.Event != "dashboard:stats-updated" {
			got = append(got, m)
		}
		return m.Event == last
	})
	return got
}

func names(messages []message) string {
	var all []string
	for _, m := range messages {
		all = append(all, m.Event)
	}
	return strings.Join(all, " ")
}

// run runs rowcast in this process.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	return program.Run(ctx, command.New(&program.Program{Environ: environ, Stdout: stdout, Stderr: stderr}), args, stderr)
}

// rowcast runs a subcommand to its end.
func rowcast(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, problems bytes.Buffer
	code = run(t.Context(), args, environ, &out, &problems)
	return code, out.String(), problems.String()
}

// spawn starts rowcast as a process of its own.
func spawn(t *testing.T, environ []string, args ...string) *servetest.Process {
	t.Helper()
	return servetest.Spawn(t, append(environ, isProgram+"=1"), os.Args[0], args...)
}
