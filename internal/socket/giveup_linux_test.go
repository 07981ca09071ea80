package socket_test

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rowcast/internal/socket"
)

// TestGiveUpAfter asks the kernel what it was told.
func TestGiveUpAfter(t *testing.T) {
	t.Parallel()
	_, server := pair(t)
	socket.New(server).GiveUpAfter(35 * time.Second)
	raw, err := server.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var got int
	if control := raw.Control(func(fd uintptr) { got, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT) }); control != nil || err != nil {
		t.Fatal(control, err)
	}
	if got != 35_000 {
		t.Errorf("the kernel gives up after %d ms", got)
	}
}
