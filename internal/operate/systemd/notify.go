// Package systemd reports to the service manager how the service is, in the protocol of
// sd_notify.
//
// # Overview
//
// [New] finds the socket in the environment; without one nothing is sent. [Run] sends
// when the service has become ready, what keeps it from being so, and at every look
// that the process lives, for a watchdog.
//
// # Guarantees
//
//   - READY is sent once the service is ready for the first time, and not before
//     (TestReadyOnceNothingIsInTheWay; rowcast: TestServeNotifiesTheServiceManager).
//   - Without a socket nothing happens (TestNobodyToNotify).
//
// # Failures
//
// Until READY was sent, Run ends with an error if the socket takes no message. Later
// ones are lost in silence: a manager that is gone takes no service with it.
package systemd

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"
)

// variable names the socket.
const variable = "NOTIFY_SOCKET="

const (
	// startPoll is how often a service is looked at that is not ready yet, readyPoll how
	// often one that was; a watchdog needs more than twice that.
	startPoll = 100 * time.Millisecond
	readyPoll = 5 * time.Second
)

// Notifier speaks to the service manager. The zero value speaks to nobody.
type Notifier struct{ socket string }

// New reads an environment of the form of os.Environ.
func New(environ []string) (n Notifier) {
	for _, entry := range environ {
		if socket, ok := strings.CutPrefix(entry, variable); ok {
			n.socket = socket
		}
	}
	return n
}

// Notify sends states such as READY=1, STOPPING=1 or STATUS=….
func (n Notifier) Notify(ctx context.Context, states ...string) error {
	if n.socket == "" {
		return nil
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unixgram", n.socket)
	if err != nil {
		return fmt.Errorf("reach the service manager: %w", err)
	}
	defer func() { _ = conn.Close() }() // everything was sent
	if _, err := conn.Write([]byte(strings.Join(states, "\n"))); err != nil {
		return fmt.Errorf("notify the service manager: %w", err)
	}
	return nil
}

// Run sends the state until ctx ends. problem is why the service is not ready, in
// words, empty if it is.
func (n Notifier) Run(ctx context.Context, problem func() string) error {
	if n.socket == "" {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	wait, was, sent := startPoll, "", false
	for {
		states := []string{"WATCHDOG=1"}
		now := problem()
		if now == "" && wait == startPoll {
			wait = readyPoll
			states = append(states, "READY=1")
		}
		if now == "" {
			now = "ready"
		}
		if now != was {
			states = append(states, "STATUS="+strings.ReplaceAll(now, "\n", " "))
			was = now
		}
		if err := n.Notify(ctx, states...); err != nil && !sent && ctx.Err() == nil {
			return err
		}
		sent = wait == readyPoll
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}
