package child_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"rowcast/internal/bench/child"
)

const isChild = "TEST_BINARY_IS_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(isChild) == "" {
		goleak.VerifyTestMain(m)
		return
	}
	if err := child.Serve(context.Background(), os.Stdin, os.Stdout, map[string]any{"Adder": new(Adder)}); err != nil {
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

func (*Adder) Group(_ child.Nothing, group *int) error {
	*group = syscall.Getpgrp()
	return nil
}

func (*Adder) Die(child.Nothing, *child.Nothing) error {
	fmt.Fprintln(os.Stderr, "out of numbers")
	os.Exit(3)
	return nil
}

func start(t *testing.T) *child.Child {
	t.Helper()
	c, err := child.Start(t.Context(), "adder", child.Spec{Path: os.Args[0], Environ: []string{isChild + "=1"}})
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
	var group int
	if err := c.Call(t.Context(), "Adder.Group", child.Nothing{}, &group); err != nil || group != c.PID() {
		t.Errorf("group %d of process %d, %v", group, c.PID(), err)
	}
	if err := c.Call(t.Context(), "Process.Collect", child.Nothing{}, &child.Nothing{}); err != nil {
		t.Error(err)
	}
	before, err := c.Usage(t.Context())
	if err != nil || before.CPU <= 0 || before.Heap <= 0 || before.Mallocs <= 0 {
		t.Errorf("usage %+v, %v", before, err)
	}
	after, err := c.Usage(t.Context())
	if err != nil || after.CPU < before.CPU || after.Mallocs <= before.Mallocs {
		t.Errorf("usage %+v after %+v, %v", after, before, err)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	c := start(t)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(c.PID(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the child is still there: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
}

func TestDeathIsExplained(t *testing.T) {
	t.Parallel()
	err := start(t).Call(t.Context(), "Adder.Die", child.Nothing{}, &child.Nothing{})
	if err == nil || !strings.Contains(err.Error(), "the adder process ended") || !strings.Contains(err.Error(), "exit status 3") ||
		!strings.Contains(err.Error(), "out of numbers") {
		t.Errorf("error %v", err)
	}
}

func TestServeEndsWithItsInput(t *testing.T) {
	t.Parallel()
	if err := child.Serve(t.Context(), strings.NewReader(""), io.Discard, nil); err != nil {
		t.Error(err)
	}
}
