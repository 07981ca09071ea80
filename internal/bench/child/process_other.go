//go:build !unix

package child

import (
	"errors"
	"os/exec"
	"time"
)

// processorTime is not known here.
func processorTime() (time.Duration, error) {
	return 0, errors.New("the processor time is only known on Unix")
}

func apart(*exec.Cmd) {}
