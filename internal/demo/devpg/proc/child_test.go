//go:build unix

package proc

import (
	"bufio"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

func TestStopEscalates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		want   syscall.Signal
	}{
		"fast":      {"", syscall.SIGINT},
		"immediate": {"trap '' INT;", syscall.SIGQUIT},
		"by force":  {"trap '' INT QUIT;", syscall.SIGKILL},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// A shell of its own ignores the signal; exec keeps that.
			cmd := exec.CommandContext(t.Context(), "sh", "-c", c.script+" echo ready; exec sleep 600")
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			p, err := Start(cmd, nil, syscall.SIGKILL, func(err error) error { return err })
			if err != nil {
				t.Fatal(err)
			}
			if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			if err := p.Stop(50 * time.Millisecond); err != nil {
				t.Fatal(err)
			}
			if p.Err() != nil {
				t.Errorf("an end that was asked for has the reason %v", p.Err())
			}
			if st, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || st.Signal() != c.want {
				t.Errorf("ended by %v, want %v", cmd.ProcessState, c.want)
			}
		})
	}
}
