package stage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"rowcast/internal/bench/stage"
	"rowcast/internal/test/pgtest"
)

const isChild = "TEST_BINARY_IS_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(isChild) == "" {
		pgtest.Main(m)
		return
	}
	if err := stage.Serve(context.Background(), os.Stdin, os.Stdout, map[string]any{"Adder": new(Adder)}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Adder is a service of the child.
type Adder struct{}

func (*Adder) Add(numbers []int, sum *int) error {
	if len(numbers) == 0 {
		return errors.New("nothing to add")
	}
	for _, n := range numbers {
		*sum += n
	}
	return nil
}

// Group answers the process and its group.
func (*Adder) Group(_ stage.Nothing, ids *[2]int) error {
	*ids = [2]int{syscall.Getpid(), syscall.Getpgrp()}
	return nil
}

func (*Adder) Die(stage.Nothing, *stage.Nothing) error {
	fmt.Fprintln(os.Stderr, "out of numbers")
	os.Exit(3)
	return nil
}

func start(t *testing.T) *stage.Child {
	t.Helper()
	c, err := stage.New(stage.Options{Environ: []string{isChild + "=1"}}).Start(t.Context(), "adder")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestCall(t *testing.T) {
	t.Parallel()
	c := start(t)
	var sum int
	if err := c.Call(t.Context(), "Adder.Add", []int{1, 2, 3}, &sum); err != nil || sum != 6 {
		t.Errorf("sum %d, %v", sum, err)
	}
	if err := c.Call(t.Context(), "Adder.Add", []int{}, &sum); err == nil || err.Error() != "adder process: nothing to add" {
		t.Errorf("error of the service: %v", err)
	}
	var ids [2]int
	if err := c.Call(t.Context(), "Adder.Group", stage.Nothing{}, &ids); err != nil || ids[0] != ids[1] || ids[0] == os.Getpid() {
		t.Errorf("process and group are %v, %v", ids, err)
	}
	if err := c.Call(t.Context(), "Process.Collect", stage.Nothing{}, &stage.Nothing{}); err != nil {
		t.Error(err)
	}
	before, err := c.Usage(t.Context())
	if err != nil || before.CPU <= 0 || before.RSS <= 0 {
		t.Errorf("usage %+v, %v", before, err)
	}
	after, err := c.Usage(t.Context())
	if err != nil || after.CPU < before.CPU {
		t.Errorf("usage %+v after %+v, %v", after, before, err)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	c := start(t)
	var ids [2]int
	if err := c.Call(t.Context(), "Adder.Group", stage.Nothing{}, &ids); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(ids[0], 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the child is still there: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
}

func TestDeathIsExplained(t *testing.T) {
	t.Parallel()
	err := start(t).Call(t.Context(), "Adder.Die", stage.Nothing{}, &stage.Nothing{})
	if err == nil || !strings.Contains(err.Error(), "the adder process ended") || !strings.Contains(err.Error(), "exit status 3") ||
		!strings.Contains(err.Error(), "out of numbers") {
		t.Errorf("error %v", err)
	}
}

func TestServeEndsWithItsInput(t *testing.T) {
	t.Parallel()
	if err := stage.Serve(t.Context(), strings.NewReader(""), discard{io.Discard}, nil); err != nil {
		t.Error(err)
	}
}

type discard struct{ io.Writer }

func (discard) Close() error { return nil }
