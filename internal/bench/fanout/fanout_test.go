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

	"rowcast/internal/access/auth"
	"rowcast/internal/bench/child"
	"rowcast/internal/bench/fanout"
	"rowcast/internal/bench/fanout/reference"
	"rowcast/internal/bench/load"
)

const (
	isChild = "TEST_BINARY_IS_CHILD"
	secret  = "a secret of at least thirty-two bytes"
	timeout = 20 * time.Second
)

func TestMain(m *testing.M) {
	if os.Getenv(isChild) == "" {
		goleak.VerifyTestMain(m)
		return
	}
	services := map[string]any{"Bare": new(fanout.Bare), "Hub": new(fanout.Hub)}
	if err := child.Serve(context.Background(), os.Stdin, os.Stdout, services); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func start(t *testing.T, name string) *child.Child {
	t.Helper()
	c, err := child.Start(t.Context(), name, child.Spec{Path: os.Args[0], Environ: []string{isChild + "=1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// tenant is the one that the reference changes, too.
const tenant = "rowcast-bench-0"

func token(t *testing.T) string {
	t.Helper()
	text, err := auth.Mint([]byte(secret), auth.MintClaims{Subject: "test", Tenants: []string{tenant}}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func hubSide(t *testing.T, s fanout.Settings) *fanout.Side {
	t.Helper()
	side, err := fanout.HubSide(t.Context(), start(t, "server"), tenant, fanout.HubArgs{Secret: secret, Connections: 100})
	if err != nil {
		t.Fatal(err)
	}
	side.Wire, side.Burst = s.Wire, s.Burst
	return side
}

func TestEveryClientReceivesEveryEvent(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{fanout.Paced, fanout.Burst} {
		for _, wire := range []string{load.Native, load.SocketIO} {
			t.Run(mode+"/"+wire, func(t *testing.T) {
				t.Parallel()
				s := settings(mode, wire)
				check(t, s, run(t, s, hubSide(t, s)))
			})
		}
	}
}

// TestTurnsOfTheReference has the reference on Node take part.
func TestTurnsOfTheReference(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs node and npm")
	}
	installed, err := reference.Install(t.Context(), "", func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{fanout.Paced, fanout.Burst} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := settings(mode, load.SocketIO)
			node, err := fanout.ReferenceSide(t.Context(), installed, nil, s)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := node.Process.Close(); err != nil {
					t.Error(err)
				}
			})
			sides := run(t, s, hubSide(t, s), node)
			check(t, s, sides)
			ours, theirs := sides[0].Total(), sides[1].Total()
			if a, b := ours.Bytes/ours.Deliveries, theirs.Bytes/theirs.Deliveries; a < b*9/10 || b < a*9/10 {
				t.Errorf("frames of %d bytes beside %d of the reference", a, b)
			}
		})
	}
}

const clients, burst, rate = 10, 700, 50

func settings(mode, wire string) fanout.Settings {
	return fanout.Settings{Clients: clients, Mode: mode, Wire: wire, Rate: rate, Burst: burst, Duration: time.Second, Rounds: 2}
}

// run measures for two seconds.
func run(t *testing.T, s fanout.Settings, sides ...*fanout.Side) []*fanout.Side {
	t.Helper()
	all, err := fanout.Run(t.Context(), fanout.Options{
		Settings: s, Sides: sides, Bare: start(t, "bare"), Tenant: tenant, Token: token(t), Timeout: timeout,
		Doing: func(string) {}, Step: func() {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// check looks for what the sides must have done.
func check(t *testing.T, s fanout.Settings, sides []*fanout.Side) {
	t.Helper()
	for _, side := range sides {
		b := side.Total()
		if len(side.Blocks) != 2 || s.Mode == fanout.Paced && b.Changes != rate || s.Mode == fanout.Burst && b.Changes < 100 {
			t.Errorf("%s: %d changes in %d blocks", side.Name, b.Changes, len(side.Blocks))
		}
		if size := b.Bytes / max(1, b.Deliveries); b.Deliveries != b.Changes*clients || size < 300 || size > 600 || b.CPU <= 0 || b.Elapsed <= 0 {
			t.Errorf("%s: %+v", side.Name, b)
		}
		if side.Name != "socket.io on Node" && b.Mallocs <= 0 {
			t.Errorf("%s: %d allocations", side.Name, b.Mallocs)
		}
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	for _, wire := range []string{load.Native, load.SocketIO} {
		t.Run(wire, func(t *testing.T) {
			t.Parallel()
			s := hubSide(t, settings(fanout.Paced, wire))
			idle, err := fanout.MeasureIdle(t.Context(), s, load.Join{Address: s.Address, Wire: wire, Tenant: tenant, Token: token(t), Clients: 301}, 100*time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			if idle.Connections != 301 || idle.Heap < 500 || idle.Heap > 20_000 || idle.Stacks < 500 || idle.Stacks > 20_000 {
				t.Errorf("%+v", idle)
			}
		})
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
	defer func() { _ = bare.Close(child.Nothing{}, &child.Nothing{}) }()
	if err := crowd.Join(load.Join{Address: address, Clients: 4}); err != nil {
		t.Fatal(err)
	}
	write := fanout.WriteArgs{Bytes: 300, Changes: fanout.Changes{Count: 1}}
	if err := bare.Write(write, new(time.Duration)); err != nil {
		t.Fatal(err)
	}
	events, _, err := crowd.Await(t.Context(), 2, 100*time.Millisecond)
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
	address := hubSide(t, fanout.Settings{}).Address
	for _, wire := range []string{load.Native, load.SocketIO} {
		crowd := new(load.Load)
		err := crowd.Join(load.Join{Address: address, Wire: wire, Tenant: "T", Token: "no token", Clients: 1})
		if err == nil || !strings.Contains(err.Error(), "invalid-token") && !strings.Contains(err.Error(), "401") {
			t.Errorf("%s, bad token: %v", wire, err)
		}
		crowd.Leave()
		err = crowd.Join(load.Join{Address: address, Wire: wire, Tenant: "another", Token: token(t), Clients: 1})
		if err == nil || !strings.Contains(err.Error(), "forbidden") {
			t.Errorf("%s, foreign tenant: %v", wire, err)
		}
		crowd.Leave()
	}
	crowd := new(load.Load)
	if err := crowd.Join(load.Join{Wire: "pigeon", Clients: 1}); err == nil || !strings.Contains(err.Error(), `no wire "pigeon"`) {
		t.Errorf("unknown wire: %v", err)
	}
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
