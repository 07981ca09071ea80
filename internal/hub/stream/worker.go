package stream

import (
	"sync"
	"time"

	"rowcast/internal/hub/ring"
)

// queue holds the tenants that a worker has to pass over.
type queue struct {
	mu     sync.Mutex
	some   sync.Cond
	list   []*Stream
	closed bool
}

func (q *queue) push(t *Stream) {
	q.mu.Lock()
	q.list = append(q.list, t)
	q.mu.Unlock()
	q.some.Signal()
}

// pop waits for a tenant; nil once the queue is closed.
func (q *queue) pop() *Stream {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.list) == 0 && !q.closed {
		q.some.Wait()
	}
	if q.closed {
		return nil
	}
	t := q.list[0]
	q.list[0] = nil
	q.list = q.list[1:]
	return t
}

// Work offers what is new to those who follow, until Stop. Several goroutines
// may work.
func (s *Streams) Work() {
	var w worker
	for t := s.queue.pop(); t != nil; t = s.queue.pop() {
		t.mu.Lock()
		t.pass = running
		since, offered := t.since, int64(0)
		t.since = time.Time{}
		for _, f := range t.rings {
			if !f.Due() {
				continue
			}
			v := f.Window
			w.followers = f.due(w.followers[:0])
			t.mu.Unlock()
			offered += w.offer(&v)
			t.mu.Lock()
			f.Pass(v.End())
		}
		t.accountLocked()
		if t.pass == again {
			t.pass = queued
			s.queue.push(t)
		} else {
			t.pass = idle
		}
		t.passed.Broadcast()
		t.mu.Unlock()
		s.Offered.Add(offered)
		if offered > 0 && !since.IsZero() && s.opts.Delivered != nil {
			s.opts.Delivered(time.Since(since))
		}
	}
}

// Stop ends the workers. All followers have to have left, so that no Publish
// waits for a worker.
func (s *Streams) Stop() {
	s.queue.mu.Lock()
	s.queue.closed = true
	s.queue.mu.Unlock()
	s.queue.some.Broadcast()
}

// worker has the scratch space of one worker.
type worker struct {
	followers []Follower
	scratch   []byte
}

func (w *worker) offer(v *ring.Window) (events int64) {
	for _, f := range w.followers {
		events += int64(f.Offer(v, &w.scratch))
	}
	clear(w.followers)
	return events
}
