package faults_test

import (
	"flag"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var (
	seedFlag     = flag.Uint64("faults.seed", 0, "seed of writers, clients and faults; 0 draws one")
	fullFlag     = flag.Bool("faults.full", false, "many more faults in each test")
	durationFlag = flag.Duration("faults.duration", 0, "how long each test goes on with its faults; 0 is a number of times")
)

const (
	secret = "a secret of at least thirty-two bytes"
	// patience bounds every wait; it decides nothing but when to give up.
	patience = 60 * time.Second
)

func TestMain(m *testing.M) {
	// A connection of toxiproxy that was busy when its toxic was removed keeps
	// this goroutine.
	goleak.VerifyTestMain(suite{m}, goleak.IgnoreTopFunction("github.com/Shopify/toxiproxy/v2/toxics.(*NoopToxic).Pipe"))
}

type suite struct{ m *testing.M }

// Run is called by goleak, which looks for leaks after it.
func (s suite) Run() int {
	dir, err := os.MkdirTemp("", "rowcast-faults-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	programs.dir = dir
	// The tests wait most of the time. The command line may say otherwise.
	if !raceDetector {
		if err := flag.Set("test.parallel", "4"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return s.m.Run()
}

// programs are the builds of rowcast, by build tags, made when first asked
// for. A package variable, because TestMain and the tests share nothing else.
var programs struct {
	dir  string
	mu   sync.Mutex
	made map[string]string
}

// program is the path of a rowcast built with these tags.
func program(t *testing.T, tags string) string {
	t.Helper()
	programs.mu.Lock()
	defer programs.mu.Unlock()
	if path, ok := programs.made[tags]; ok {
		return path
	}
	path := filepath.Join(programs.dir, "rowcast-"+tags)
	args := []string{"build", "-tags", tags, "-o", path}
	if raceDetector {
		args = append(args, "-race")
	}
	out, err := exec.CommandContext(t.Context(), "go", append(args, "rowcast/cmd/rowcast")...).CombinedOutput()
	if err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, out)
	}
	if programs.made == nil {
		programs.made = make(map[string]string)
	}
	programs.made[tags] = path
	return path
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
