package rows

import (
	"maps"
	"sync"

	"rowcast/internal/errcode"
	"rowcast/internal/hub/signal"
	"rowcast/internal/transport"
)

// whole is the outcome of an answer that has an end.
const whole = "end"

// Stats are the figures of a Handler.
type Stats struct {
	// Reading is how many answers are read now.
	Reading int
	// Rows and Bytes are what clients were sent.
	Rows, Bytes int64
	// Outcomes counts answers by how they ended: "end", or the code of their last line.
	Outcomes map[string]int64
}

// outcomes are those that are counted from the start.
func outcomes() []string {
	all := []string{whole}
	for _, code := range []errcode.Code{signal.Gone, signal.Shutdown, transport.LimitExceeded, transport.Revoked, transport.TokenExpired, transport.Unavailable} {
		all = append(all, string(code))
	}
	return all
}

type counts struct {
	mu    sync.Mutex
	stats Stats
}

// begin counts a request that reads, until the func it returns is called.
func (c *counts) begin() (end func()) {
	c.add(1)
	return func() { c.add(-1) }
}

func (c *counts) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Reading += n
}

// end counts an answer.
func (c *counts) end(a *answer, outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Rows += int64(a.rows)
	c.stats.Bytes += int64(a.sent)
	if c.stats.Outcomes == nil {
		c.stats.Outcomes = map[string]int64{}
	}
	c.stats.Outcomes[outcome]++
}

// Stats returns the figures.
func (h *Handler) Stats() Stats {
	h.stats.mu.Lock()
	defer h.stats.mu.Unlock()
	s := h.stats.stats
	s.Outcomes = map[string]int64{}
	for _, outcome := range outcomes() {
		s.Outcomes[outcome] = 0
	}
	maps.Copy(s.Outcomes, h.stats.stats.Outcomes)
	return s
}
