package fanout_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rowcast/internal/bench/fanout"
	"rowcast/internal/bench/load"

	"rowcast/internal/bench/stage"
)

const (
	isChild = "TEST_BINARY_IS_CHILD"
	timeout = 2 * time.Minute
)

func TestMain(m *testing.M) {
	if os.Getenv(isChild) == "" {
		goleak.VerifyTestMain(m)
		return
	}
	services := map[string]any{"Bare": new(fanout.Bare), "Hub": new(fanout.Hub)}
	if err := stage.Serve(context.Background(), os.Stdin, os.Stdout, services); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func newStage(t *testing.T) *stage.Stage {
	t.Helper()
	at := stage.New(stage.Options{Environ: []string{isChild + "=1"}})
	t.Cleanup(func() {
		if err := at.Close(); err != nil {
			t.Error(err)
		}
	})
	return at
}

// tenant is the one of the benchmark.
const tenant = "rowcast-bench-0"

func token(t *testing.T, at *stage.Stage) string {
	t.Helper()
	text, err := at.Token(tenant)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func hubSide(t *testing.T, at *stage.Stage, s fanout.Settings) *fanout.Side {
	t.Helper()
	side, err := fanout.HubSide(t.Context(), at, s)
	if err != nil {
		t.Fatal(err)
	}
	return side
}

func TestEveryClientReceivesEveryEvent(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{fanout.Paced, fanout.Burst} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := settings(mode)
			check(t, s, run(t, s))
		})
	}
}

const clients, burst, rate = 10, 700, 50

func settings(mode string) fanout.Settings {
	return fanout.Settings{Clients: clients, Mode: mode, Rate: rate, Burst: burst, Duration: time.Second, Rounds: 2}
}

// run measures for two seconds.
func run(t *testing.T, s fanout.Settings) []*fanout.Side {
	t.Helper()
	at := newStage(t)
	bare, err := at.Start(t.Context(), "bare")
	if err != nil {
		t.Fatal(err)
	}
	all, err := fanout.Run(t.Context(), s, hubSide(t, at, s), bare, token(t, at), nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// check looks for what the sides must have done.
func check(t *testing.T, s fanout.Settings, sides []*fanout.Side) {
	t.Helper()
	for _, side := range sides {
		b := side.Total
		if s.Mode == fanout.Paced && b.Changes != rate || s.Mode == fanout.Burst && b.Changes < 100 {
			t.Errorf("%s: %d changes in two rounds", side.Name, b.Changes)
		}
		if size := b.Bytes / max(1, b.Deliveries); b.Deliveries != b.Changes*clients || size < 300 || size > 600 || b.CPU <= 0 || b.Elapsed <= 0 {
			t.Errorf("%s: %+v", side.Name, b)
		}
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	at := newStage(t)
	s := hubSide(t, at, settings(fanout.Paced))
	idle, err := fanout.MeasureIdle(t.Context(), s, load.Join{Address: s.Address, Tenant: tenant, Token: token(t, at), Clients: 301}, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if idle < 500 || idle > 100_000 {
		t.Errorf("%v bytes for each connection", idle)
	}
}

func TestMissingEventsAreNamed(t *testing.T) {
	t.Parallel()
	crowd, bare := new(load.Load), new(fanout.Bare)
	var address string
	if err := bare.Listen(4, &address); err != nil {
		t.Fatal(err)
	}
	defer crowd.Leave()
	if err := crowd.Join(load.Join{Address: address, Clients: 4}); err != nil {
		t.Fatal(err)
	}
	write := fanout.Changes{Count: 1, Bytes: 300}
	if err := bare.Write(write, new(time.Duration)); err != nil {
		t.Fatal(err)
	}
	if events, _, err := crowd.Await(t.Context(), 1, timeout); err != nil || events != 4 {
		t.Errorf("%v; %d", err, events)
	}
	events, _, err := crowd.Await(t.Context(), 2, time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "4 of 4 clients lack events, one has 1 of 2") || events != 4 {
		t.Errorf("%v; %d", err, events)
	}
	if err := bare.Write(write, new(time.Duration)); err != nil {
		t.Fatal(err)
	}
	if events, _, err := crowd.Await(t.Context(), 2, timeout); err != nil || events != 8 {
		t.Errorf("%v; %d", err, events)
	}
	if _, _, err := crowd.Await(t.Context(), 1, timeout); err == nil || !strings.Contains(err.Error(), "has received 2 events; 1 were sent") {
		t.Errorf("too many events: %v", err)
	}
}

func TestRefusalIsNamed(t *testing.T) {
	t.Parallel()
	at := newStage(t)
	address := hubSide(t, at, fanout.Settings{}).Address
	crowd := new(load.Load)
	err := crowd.Join(load.Join{Address: address, Tenant: "T", Token: "no token", Clients: 1})
	if err == nil || !strings.Contains(err.Error(), "invalid-token") && !strings.Contains(err.Error(), "401") {
		t.Errorf("bad token: %v", err)
	}
	crowd.Leave()
	err = crowd.Join(load.Join{Address: address, Tenant: "another", Token: token(t, at), Clients: 1})
	if err == nil || !strings.Contains(err.Error(), "forbidden") {
		t.Errorf("foreign tenant: %v", err)
	}
	crowd.Leave()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	if err := crowd.Join(load.Join{Address: listener.Addr().String(), Clients: 1}); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestLimitsAreNamed(t *testing.T) {
	t.Parallel()
	if err := load.NeedFiles(1); err != nil {
		t.Error(err)
	}
	if err := load.NeedFiles(1 << 40); err == nil || !strings.Contains(err.Error(), "RLIMIT_NOFILE") || !strings.Contains(err.Error(), "ulimit -n") {
		t.Errorf("files: %v", err)
	}
}
