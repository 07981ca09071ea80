package engineio

import "time"

// Polls is how many polls wait.
func (s *Server) Polls() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, session := range s.sessions {
		session.mu.Lock()
		if session.poll != nil && session.poll.getting != nil {
			n++
		}
		session.mu.Unlock()
	}
	return n
}

// CountPackets reads the body of a POST.
func CountPackets(body []byte) (n int, valid bool) {
	for _, err := range packets(body) {
		if err != nil {
			return n, false
		}
		n++
	}
	return n, true
}

// Beat is what the timer does.
func (s *Session) Beat() { s.beat() }

// Tick is called by the timer.
func (s *Session) Tick() { s.tick() }

// Backdate has what is due be due earlier.
func (s *Session) Backdate(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due -= d
}

// Pending says whether the client has yet to answer a ping.
func (s *Session) Pending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.awaiting
}

// Offer is what comes before the answer to a probe.
func (s *Session) Offer() { s.offer() }

// Probing says whether a WebSocket is tried.
func (s *Session) Probing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.poll != nil && s.poll.probing
}
