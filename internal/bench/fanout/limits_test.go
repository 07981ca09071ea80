package fanout

import (
	"errors"
	"strings"
	"syscall"
	"testing"
)

func TestPortsAreNamed(t *testing.T) {
	t.Parallel()
	err := explainDial(syscall.EADDRNOTAVAIL, 100_000)
	if limit, ok := errors.AsType[*LimitError](err); !ok || limit.Needs != 100_000 || !errors.Is(err, syscall.EADDRNOTAVAIL) ||
		!strings.Contains(err.Error(), "sysctl -w net.ipv4.ip_local_port_range") {
		t.Errorf("%v", err)
	}
	if err := explainDial(syscall.ENFILE, 1); !strings.Contains(err.Error(), "fs.file-max") {
		t.Errorf("%v", err)
	}
	for n, want := range map[int]byte{0: 1, 9: 1, 10: 2, 25: 3} {
		if got := source(n, 20); got != want {
			t.Errorf("connection %d of 20 ports comes from 127.0.0.%d; want %d", n, got, want)
		}
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	for start := range int64(4) {
		for count := range int64(9) {
			sum := make([]int64, 3)
			for n := start; n < start+count; n++ {
				sum[n%3]++
			}
			got := Changes{Start: start, Count: count}.per(3)
			for g := range sum {
				if got[g] != sum[g] {
					t.Errorf("%d changes from %d: %v; want %v", count, start, got, sum)
				}
			}
		}
	}
}
