package faults_test

import (
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rowcast/internal/test/servetest"
)

var (
	seedFlag     = flag.Uint64("faults.seed", 0, "seed of writers, clients and faults; 0 draws one")
	fullFlag     = flag.Bool("faults.full", false, "many more faults in each test")
	durationFlag = flag.Duration("faults.duration", 0, "how long each test goes on with its faults; 0 is a number of times")
)

const (
	secret = servetest.Secret
	// timeout bounds every wait; it decides nothing but when to give up.
	timeout = servetest.Timeout
)

func TestMain(m *testing.M) {
	// The tests wait most of the time. The command line may say otherwise.
	if !servetest.RaceDetector {
		if err := flag.Set("test.parallel", "4"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	// A connection of toxiproxy that was busy when its toxic was removed keeps
	// this goroutine.
	servetest.Main(m, goleak.IgnoreTopFunction("github.com/Shopify/toxiproxy/v2/toxics.(*NoopToxic).Pipe"))
}

// seed draws the seed of a test and prints how to repeat it.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := *seedFlag
	if n == 0 {
		n = rand.Uint64N(1 << 32)
	}
	t.Logf("seed: -faults.seed=%d", n)
	return n
}

// long says that somebody has time for a long run.
func long() bool { return *fullFlag || *durationFlag > 0 }

// rounds counts how often something is done: so many times in a short and in a
// full run, or for as long as -faults.duration says.
func rounds(short, full int) iter.Seq[int] {
	began := time.Now()
	return func(yield func(int) bool) {
		for n := 0; ; n++ {
			switch {
			case *durationFlag > 0:
				if time.Since(began) > *durationFlag {
					return
				}
			case n >= full, n >= short && !*fullFlag:
				return
			}
			if !yield(n) {
				return
			}
		}
	}
}

// slack is what this machine may add to a bar from now on: ten times what it added to
// a pause, as a server has several in a row.
func slack(t *testing.T) func() time.Duration {
	t.Helper()
	var late atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		const pause = 10 * time.Millisecond
		for began := time.Now(); ; began = time.Now() {
			select {
			case <-stop:
				return
			case <-time.After(pause):
				late.Store(max(late.Load(), int64(time.Since(began)-pause)))
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped })
	return func() time.Duration { return 10 * time.Duration(late.Load()) }
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, limit time.Duration, holds func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > limit {
			t.Fatalf("no %s within %s", what, limit)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(began)
}
