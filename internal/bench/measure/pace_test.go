package measure_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/bench/measure"
	"rowcast/internal/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// TestPaceIsAnOpenLoop stalls for a second in the midst of 100 a second.
// A closed loop would see one slow answer; here everything due meanwhile is.
func TestPaceIsAnOpenLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var waited []float64 // in ms
		late, err := measure.Pace{Start: began, Rate: 100, Count: 300}.Each(t.Context(), 1, func(_ context.Context, _ int, n int64, due time.Time) error {
			if want := began.Add(time.Duration(n) * 10 * time.Millisecond); due.Sub(want).Abs() > time.Microsecond {
				t.Errorf("time %d is %s after the start; want %s", n, due.Sub(began), want.Sub(began))
			}
			if time.Now().Before(due) {
				t.Errorf("time %d is given before it has come", n)
			}
			if n == 100 {
				time.Sleep(time.Second)
			}
			waited = append(waited, time.Since(due).Seconds()*1000)
			return nil
		})
		if took := time.Since(began); err != nil || took.Round(time.Millisecond) != 2990*time.Millisecond {
			t.Errorf("300 times took %s, %v; the stall must be caught up", took, err)
		}
		if late.Round(time.Millisecond) != 990*time.Millisecond {
			t.Errorf("late by %s; want 990ms, that of the first after the stall", late)
		}
		slices.Sort(waited)
		if longest := waited[299]; longest < 999 || longest > 1001 {
			t.Errorf("the longest wait is %v ms; want 1000", longest)
		}
		// Of the 300, 100 were due during the stall: half of those waited
		// more than half a second.
		if p := waited[250]; p < 480 || p > 520 {
			t.Errorf("50 of 300 waited longer than %v ms; want about 500", p)
		}
	})
}

func TestPaceIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		given := map[int64]int{}
		pace := measure.Pace{Start: time.Now(), Rate: 1000, Count: 100}
		late, err := pace.Each(t.Context(), 4, func(_ context.Context, worker int, n int64, due time.Time) error {
			mu.Lock()
			defer mu.Unlock()
			given[n]++
			if !due.Equal(pace.At(n)) || worker < 0 || worker > 3 {
				t.Errorf("worker %d has time %d at %s", worker, n, due)
			}
			return nil
		})
		if err != nil || late != 0 || len(given) != 100 {
			t.Errorf("%d times, late by %s, %v", len(given), late, err)
		}
		for n, times := range given {
			if times != 1 {
				t.Errorf("time %d was given %d times", n, times)
			}
		}
	})
}

func TestPaceEnds(t *testing.T) {
	t.Parallel()
	nothing := func(context.Context, int, int64, time.Time) error { return nil }
	reason := errors.New("enough")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			time.Sleep(time.Second)
			cancel(reason)
		}()
		began := time.Now()
		pace := measure.Pace{Start: began.Add(time.Hour), Rate: 1, Count: 1}
		if _, err := pace.Each(ctx, 2, nothing); !errors.Is(err, reason) || time.Since(began) != time.Second {
			t.Errorf("ended after %s with %v", time.Since(began), err)
		}
	})
	_, err := measure.Pace{Start: time.Now(), Rate: 1e6, Count: 1000}.Each(t.Context(), 4, func(_ context.Context, _ int, n int64, _ time.Time) error {
		if n == 10 {
			return reason
		}
		return nil
	})
	if !errors.Is(err, reason) {
		t.Errorf("work that failed: %v", err)
	}
}
