package measure_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/bench/measure"
	"rowcast/internal/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestScheduleIsAnOpenLoop stalls for a second in the midst of 100 a second.
// A closed loop would see one slow answer; here everything due meanwhile is.
func TestScheduleIsAnOpenLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := measure.NewSchedule(began, 100)
		l := measure.NewLatency()
		for n := range 300 {
			intended, err := s.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if want := began.Add(time.Duration(n) * 10 * time.Millisecond); !intended.Equal(want) {
				t.Fatalf("time %d is %s after the start; want %s", n, intended.Sub(began), want.Sub(began))
			}
			if time.Now().Before(intended) {
				t.Fatalf("time %d is given before it has come", n)
			}
			if n == 100 {
				time.Sleep(time.Second)
			}
			l.Record(time.Since(intended))
		}
		if took := time.Since(began); took != 2990*time.Millisecond {
			t.Errorf("300 times took %s; the stall must be caught up", took)
		}
		if longest := l.Milliseconds(1); longest < 1000 || longest > 1001 {
			t.Errorf("the longest latency is %v ms; want 1000", longest)
		}
		// Of the 300, 100 were due during the stall: half of those waited
		// more than half a second.
		if p := l.Milliseconds(1 - 50.0/300); p < 480 || p > 520 {
			t.Errorf("50 of 300 waited longer than %v ms; want about 500", p)
		}
	})
}

func TestScheduleIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := measure.NewSchedule(time.Now(), 1000)
		var (
			group sync.WaitGroup
			mu    sync.Mutex
		)
		given := map[time.Time]int{}
		for range 4 {
			group.Go(func() {
				for range 25 {
					at, err := s.Next(t.Context())
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					given[at]++
					mu.Unlock()
				}
			})
		}
		group.Wait()
		for n := range int64(100) {
			if given[s.At(n)] != 1 {
				t.Errorf("time %d was given %d times", n, given[s.At(n)])
			}
		}
	})
}

func TestScheduleEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		reason := errors.New("enough")
		go func() {
			time.Sleep(time.Second)
			cancel(reason)
		}()
		s := measure.NewSchedule(time.Now().Add(time.Hour), 1)
		began := time.Now()
		if _, err := s.Next(ctx); !errors.Is(err, reason) || time.Since(began) != time.Second {
			t.Errorf("ended after %s with %v", time.Since(began), err)
		}
	})
}
