package sse_test

import (
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkIdleConnection is the memory of a stream that is silent, heap and
// stacks of the server alone: the clients are bare descriptors. It fails if the
// stack of the goroutine that waits has grown.
func BenchmarkIdleConnection(b *testing.B) {
	const n = 1000
	bundle := setup(b, nil, nil)
	address := strings.TrimPrefix(bundle.URL, "http://")
	port, err := net.LookupPort("tcp", address[strings.LastIndexByte(address, ':')+1:])
	if err != nil {
		b.Fatal(err)
	}
	request := "GET /events?tenant=T HTTP/1.1\r\nHost: " + address + "\r\nAuthorization: Bearer ann_T_1h\r\n\r\n"
	var fds []int
	defer func() {
		for _, fd := range fds {
			_ = syscall.Close(fd)
		}
	}()
	memory := func() float64 {
		for range 4 { // stacks shrink by half at a time
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc + m.StackInuse)
	}
	connect := func(count int) {
		for range count {
			fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
			if err != nil {
				b.Fatal(err)
			}
			fds = append(fds, fd)
			if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
				b.Fatal(err)
			}
			if _, err := syscall.Write(fd, []byte(request)); err != nil {
				b.Fatal(err)
			}
			if _, err := syscall.Read(fd, make([]byte, 4096)); err != nil {
				b.Fatal(err)
			}
		}
		for bundle.Hub.Stats().Subscriptions < int64(len(fds)) {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(100 * time.Millisecond)
	}
	connect(10)
	for b.Loop() {
		before := memory()
		connect(n)
		each := (memory() - before) / n
		b.ReportMetric(each, "B/connection")
		if each > 4500 {
			b.Errorf("%.0f bytes for a silent connection", each)
		}
	}
	runtime.KeepAlive(bundle)
}
