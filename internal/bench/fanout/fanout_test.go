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

	"rowcast/internal/auth"
	"rowcast/internal/bench/child"
	"rowcast/internal/bench/fanout"
	"rowcast/internal/bench/fanout/hubonly"
	"rowcast/internal/bench/fanout/reference"
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
	services := map[string]any{"Load": new(fanout.Load), "Bare": new(fanout.Bare), "Hub": new(hubonly.Hub)}
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

func tenants(t *testing.T, n int) (all []fanout.Tenant, ids []string) {
	t.Helper()
	for i := range n {
		id := fmt.Sprint("tenant-", i)
		token, err := auth.Mint([]byte(secret), auth.MintClaims{Subject: "test", Tenants: []string{id}}, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		all, ids = append(all, fanout.Tenant{ID: id, Token: token}), append(ids, id)
	}
	return all, ids
}

func hubServer(t *testing.T, ids []string) (*hubonly.Server, string) {
	t.Helper()
	c := start(t, "server")
	var address string
	if err := c.Call(t.Context(), "Hub.Start", hubonly.StartArgs{Secret: secret, Connections: 100}, &address); err != nil {
		t.Fatal(err)
	}
	return &hubonly.Server{Caller: c, Tenants: ids}, address
}

func TestEveryClientReceivesEveryEvent(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{fanout.Paced, fanout.Burst} {
		for _, wire := range []string{fanout.Native, fanout.SocketIO} {
			t.Run(mode+"/"+wire, func(t *testing.T) {
				t.Parallel()
				all, ids := tenants(t, 3)
				server, address := hubServer(t, ids)
				o := fanout.Options{Server: server, Address: address, Joined: all}
				o.Mode, o.Wire = mode, wire
				result := run(t, o)
				check(t, "server", mode, result.Server)
				check(t, "bare", mode, result.Bare)
				if u := result.Unheard; u.Changes != 1000 || u.Events != 0 {
					t.Errorf("%d changes that nobody heard made %d events", u.Changes, u.Events)
				}
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
			all, ids := tenants(t, 3)
			server, address := hubServer(t, ids)
			node, nodeAddress, err := reference.Start(t.Context(), installed, clients, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := node.Close(); err != nil {
					t.Error(err)
				}
			})
			o := fanout.Options{
				Server: server, Address: address, Joined: all,
				Reference: &reference.Server{Caller: node, Tenants: ids}, ReferenceAddress: nodeAddress,
			}
			o.Mode, o.Wire = mode, fanout.SocketIO
			result := run(t, o)
			check(t, "server", mode, result.Server)
			check(t, "reference", mode, result.Reference)
			check(t, "bare", mode, result.Bare)
			ours, theirs := fanout.Total(result.Server), fanout.Total(result.Reference)
			if a, b := ours.Bytes/ours.Deliveries, theirs.Bytes/theirs.Deliveries; a < b*9/10 || b < a*9/10 {
				t.Errorf("frames of %d bytes beside %d of the reference", a, b)
			}
		})
	}
}

const clients, burst, rate = 10, 700, 50

// run measures for two seconds.
func run(t *testing.T, o fanout.Options) *fanout.Result {
	t.Helper()
	o.Clients, o.Rate, o.Burst, o.Duration, o.Rounds = clients, rate, burst, time.Second, 2
	o.Load, o.Bare, o.Unheard, o.Timeout = start(t, "load"), start(t, "bare"), 1000, timeout
	o.Doing, o.Step = func(string) {}, func() {}
	result, err := fanout.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// check looks for what a side must have done.
func check(t *testing.T, name, mode string, blocks []fanout.Block) {
	t.Helper()
	b := fanout.Total(blocks)
	if len(blocks) != 2 || mode == fanout.Paced && b.Changes != rate || mode == fanout.Burst && b.Changes < 100 {
		t.Errorf("%s: %d changes in %d blocks", name, b.Changes, len(blocks))
	}
	// 4, 3 and 3 clients: a round of three changes makes ten deliveries.
	if lowest := b.Changes * clients / 3; b.Deliveries < lowest-clients || b.Deliveries > lowest+clients {
		t.Errorf("%s: %d deliveries of %d changes", name, b.Deliveries, b.Changes)
	}
	if size := b.Bytes / max(1, b.Deliveries); size < 300 || size > 600 || b.CPU <= 0 || b.Elapsed <= 0 {
		t.Errorf("%s: %+v", name, b)
	}
	if name != "reference" && b.Mallocs <= 0 {
		t.Errorf("%s: %d allocations", name, b.Mallocs)
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	for _, wire := range []string{fanout.Native, fanout.SocketIO} {
		t.Run(wire, func(t *testing.T) {
			t.Parallel()
			all, ids := tenants(t, 2)
			server, address := hubServer(t, ids)
			idle, err := fanout.MeasureIdle(t.Context(), fanout.IdleOptions{
				Server: server.Caller, Address: address, Wire: wire, Load: start(t, "load"), Tenants: all, Connections: 301,
				Settle: 100 * time.Millisecond,
			})
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
	load, bare := new(fanout.Load), new(fanout.Bare)
	var address string
	if err := bare.Listen(4, &address); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = load.Leave(child.Nothing{}, &child.Nothing{}) }()
	defer func() { _ = bare.Close(child.Nothing{}, &child.Nothing{}) }()
	var group int
	if err := load.Join(fanout.JoinArgs{Address: address, Clients: 4}, &group); err != nil {
		t.Fatal(err)
	}
	write := fanout.WriteArgs{Bytes: 300, Sizes: []int{3, 1}, Load: fanout.Changes{Count: 1}}
	if err := bare.Write(write, &fanout.Published{}); err != nil {
		t.Fatal(err)
	}
	var got fanout.Received
	err := load.Await(fanout.AwaitArgs{Groups: map[int]int64{group: 1}, Timeout: 100 * time.Millisecond}, &got)
	if err == nil || !strings.Contains(err.Error(), "1 of 4 clients of bare lack events, one has 0 of 1") || got.Events != 3 {
		t.Errorf("%v; %+v", err, got)
	}
	write.Load.Start = 1
	write.Load.Count = 2
	if err := bare.Write(write, &fanout.Published{}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(timeout); got.Events < 7 && time.Now().Before(deadline); {
		_ = load.Await(fanout.AwaitArgs{Groups: map[int]int64{group: 2}, Timeout: 50 * time.Millisecond}, &got)
	}
	err = load.Await(fanout.AwaitArgs{Groups: map[int]int64{group: 1}, Timeout: timeout}, &got)
	if err == nil || !strings.Contains(err.Error(), "has received 2 events; 1 were sent") {
		t.Errorf("too many events: %v", err)
	}
}

func TestRefusalIsNamed(t *testing.T) {
	t.Parallel()
	all, ids := tenants(t, 1)
	_, address := hubServer(t, ids)
	load := new(fanout.Load)
	for wire, codes := range map[string]string{fanout.Native: "invalid-token", fanout.SocketIO: "invalid-token"} {
		err := load.Join(fanout.JoinArgs{Address: address, Wire: wire, Tenant: "T", Token: "no token", Clients: 1}, new(int))
		if err == nil || !strings.Contains(err.Error(), codes) && !strings.Contains(err.Error(), "401") {
			t.Errorf("%s, bad token: %v", wire, err)
		}
		err = load.Join(fanout.JoinArgs{Address: address, Wire: wire, Tenant: "another", Token: all[0].Token, Clients: 1}, new(int))
		if err == nil || !strings.Contains(err.Error(), "forbidden") {
			t.Errorf("%s, foreign tenant: %v", wire, err)
		}
	}
	if err := load.Join(fanout.JoinArgs{Wire: "pigeon", Clients: 1}, new(int)); err == nil || !strings.Contains(err.Error(), `no wire "pigeon"`) {
		t.Errorf("unknown wire: %v", err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	err = load.Join(fanout.JoinArgs{Address: listener.Addr().String(), Clients: 1}, new(int))
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestLimitsAreNamed(t *testing.T) {
	t.Parallel()
	if err := fanout.NeedFiles(1); err != nil {
		t.Error(err)
	}
	err := fanout.NeedFiles(1 << 40)
	limit, ok := errors.AsType[*fanout.LimitError](err)
	if !ok || limit.Needs <= 1<<40 || limit.Has == 0 || !strings.Contains(err.Error(), "RLIMIT_NOFILE") || !strings.Contains(err.Error(), "ulimit -n") {
		t.Errorf("files: %v", err)
	}
}
