package fanout

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// spareFiles is what a process opens beside its connections.
const spareFiles = 200

// LimitError is a limit of the system that is too low.
type LimitError struct {
	// What is limited, where, how far it goes and how far it has to go.
	What, Where string
	Has, Needs  uint64
	// Raise is the command that raises it.
	Raise string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("too few %s: %s allows %d and %d are needed; raise it with: %s", e.What, e.Where, e.Has, e.Needs, e.Raise)
}

// NeedFiles makes sure that this process may have so many connections.
func NeedFiles(connections int) error {
	need := uint64(connections + spareFiles)
	has, err := raiseFiles(need)
	if err != nil {
		return fmt.Errorf("raise the limit of open files: %w", err)
	}
	if has >= need {
		return nil
	}
	return &LimitError{
		What: "open files", Where: "RLIMIT_NOFILE of each process of the benchmark", Has: has, Needs: need,
		Raise: fmt.Sprintf("ulimit -n %d (the hard limit is in /etc/security/limits.conf, or LimitNOFILE= of the systemd unit)", need),
	}
}

// portsFile has the first and last port that the system gives to clients.
const portsFile = "/proc/sys/net/ipv4/ip_local_port_range"

// unknownPorts is assumed where the system does not tell.
const unknownPorts = 16000

// ports is how many connections one address may have to one listener.
func ports() int {
	text, err := os.ReadFile(portsFile)
	var first, last int
	if err != nil {
		return unknownPorts
	}
	if _, err := fmt.Fscan(strings.NewReader(string(text)), &first, &last); err != nil || last < first {
		return unknownPorts
	}
	return last - first + 1
}

// source is the loopback address that connection n comes from, so that each has
// only half of the ports it could use: others need some, too.
func source(n, ports int) (host byte) { return byte(1 + n/max(1, ports/2)) }

// explainDial names the limit that keeps a connection from being made.
func explainDial(err error, n int) error {
	switch {
	case errors.Is(err, syscall.EMFILE):
		return errors.Join(err, NeedFiles(n))
	case errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("%w: the system has no open files left, see fs.file-max; raise it with: sysctl -w fs.file-max=%d", err, 1_000_000)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w: %w", &LimitError{
			What: "ports", Where: "net.ipv4.ip_local_port_range", Has: uint64(ports()), Needs: uint64(n),
			Raise: `sysctl -w net.ipv4.ip_local_port_range="1024 65535"`,
		}, err)
	}
	return err
}
