package ws_test

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rowcast/internal/feed"
	"rowcast/internal/hub"
	"rowcast/internal/hub/room"
	"rowcast/internal/hub/session"
	"rowcast/internal/hub/signal"
	"rowcast/internal/test/servetest"
	"rowcast/internal/transport/ws"
	"rowcast/internal/wire/socket"
)

// row is the data of the events, about the size of an order.
var row = []byte(`{"id":4711,"tenant_id":"T","number":"SO-2026-004711","status":"open","total":"1299.90","note":"` +
	strings.Repeat("x", 60) + `"}`)

// sinks are clients that count the bytes they get, and nothing else.
type sinks struct {
	conns []net.Conn // the sides of the server
	bytes atomic.Int64
	done  sync.WaitGroup
}

func newSinks(b *testing.B, n int) *sinks {
	listener, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	s := &sinks{}
	for range n {
		client, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", listener.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		server, err := listener.Accept()
		if err != nil {
			b.Fatal(err)
		}
		s.conns = append(s.conns, server)
		s.done.Go(func() {
			defer func() { _ = client.Close() }()
			buf := make([]byte, 16<<10)
			for {
				n, err := client.Read(buf)
				s.bytes.Add(int64(n))
				if err != nil {
					return
				}
			}
		})
	}
	return s
}

// await waits until the clients have got total bytes.
func (s *sinks) await(total int64) {
	for s.bytes.Load() < total {
		time.Sleep(20 * time.Microsecond)
	}
}

func (s *sinks) close() {
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.done.Wait()
}

// cpu is the processor time of the process so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func report(b *testing.B, deliveries int, used time.Duration) {
	n := float64(deliveries) * float64(b.N)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/delivery")
	b.ReportMetric(float64(used.Nanoseconds())/n, "cpu-ns/delivery")
}

// BenchmarkPublish is one event to all, waiting until all have it (batch=1), or
// a batch of events at once. The clients are in the same process, so that the
// processor time covers both sides; compare with BenchmarkBareWrite.
func BenchmarkPublish(b *testing.B) {
	for _, batch := range []int{1, 16} {
		for _, subs := range []int{1, 100, 1000} {
			b.Run(fmt.Sprintf("batch=%d/subs=%d", batch, subs), func(b *testing.B) { benchmarkPublish(b, batch, subs) })
		}
	}
}

func benchmarkPublish(b *testing.B, batch, subs int) {
	h, err := hub.New(room.Options{History: servetest.NoPast{}, Map: servetest.OneEvent, Encoders: []signal.Encoder{ws.Encoder{}}, PingInterval: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	stop := servetest.Run(h)
	s := newSinks(b, subs)
	defer func() { _ = stop(); s.close() }()
	joined := int64(0)
	for _, c := range s.conns {
		opened, err := h.Open(session.Peer{Conn: socket.New(c)})
		if err != nil {
			b.Fatal(err)
		}
		if err := opened.Join(session.Request{Tenant: "T"}); err != nil {
			b.Fatal(err)
		}
		joined += int64(len(ws.Encoder{}.AppendSignal(nil, &signal.Signal{Kind: signal.Joined, Tenant: "T", Cursor: feed.Cursor{Epoch: "f1"}})))
	}
	s.await(joined)

	position, total := int64(0), joined
	at := time.Now()
	changes := make([]feed.Change, batch)
	var frame []byte
	var events []feed.Event
	b.ReportAllocs()
	before := cpu()
	for b.Loop() {
		for i := range changes {
			position++
			changes[i] = feed.Change{Epoch: "f1", Tenant: "T", From: position, Position: position, Nonce: 1e12, Name: "order:created", After: row, At: at}
			events = servetest.OneEvent(events[:0], &changes[i])
			frame = ws.Encoder{}.AppendEvent(frame[:0], &events[0])
			total += int64(len(frame) * subs)
		}
		h.Publish(changes, position)
		s.await(total)
	}
	report(b, batch*subs, cpu()-before)
	if n := h.Stats().Closes; len(n) > 0 {
		b.Fatalf("sessions ended: %v", n)
	}
}

// BenchmarkBareWrite is the same without Rowcast: one write(2) of a frame to
// each client.
func BenchmarkBareWrite(b *testing.B) {
	for _, subs := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("subs=%d", subs), func(b *testing.B) {
			s := newSinks(b, subs)
			defer s.close()
			var fds []int
			for _, c := range s.conns {
				raw, err := c.(*net.TCPConn).SyscallConn()
				if err != nil {
					b.Fatal(err)
				}
				if err := raw.Control(func(fd uintptr) { fds = append(fds, int(fd)) }); err != nil {
					b.Fatal(err)
				}
			}
			change := feed.Change{Epoch: "f1", Tenant: "T", From: 1, Position: 1, Nonce: 1e12, Name: "order:created", After: row, At: time.Now()}
			events := servetest.OneEvent(nil, &change)
			frame := ws.Encoder{}.AppendEvent(nil, &events[0])
			total := int64(0)
			b.ReportAllocs()
			before := cpu()
			for b.Loop() {
				for _, fd := range fds {
					if n, err := syscall.Write(fd, frame); n != len(frame) || err != nil {
						b.Fatal(n, err)
					}
				}
				total += int64(len(frame) * subs)
				s.await(total)
			}
			report(b, subs, cpu()-before)
		})
	}
}

// BenchmarkIdleConnection is the memory of a joined connection that is silent,
// heap and stacks of the server alone: the clients are bare descriptors. It
// fails if the stack of the goroutine that waits has grown.
func BenchmarkIdleConnection(b *testing.B) {
	const n = 1000
	bundle := setup(b, nil, nil)
	address := strings.TrimPrefix(bundle.url, "ws://")
	port, err := net.LookupPort("tcp", address[strings.LastIndexByte(address, ':')+1:])
	if err != nil {
		b.Fatal(err)
	}
	request := "GET /ws HTTP/1.1\r\nHost: " + address + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ann_T_1h\r\n\r\n"
	join := `{"type":"join-tenant","tenantId":"T"}`
	frame := append([]byte{0x81, 0x80 | byte(len(join)), 0, 0, 0, 0}, join...)
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
			for _, bytes := range [][]byte{[]byte(request), frame} {
				if _, err := syscall.Write(fd, bytes); err != nil {
					b.Fatal(err)
				}
				if _, err := syscall.Read(fd, make([]byte, 4096)); err != nil {
					b.Fatal(err)
				}
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
		if each > 5500 {
			b.Errorf("%.0f bytes for a silent connection", each)
		}
	}
	runtime.KeepAlive(bundle)
}
