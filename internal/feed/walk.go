package feed

// Walk goes over the events that lie after a cursor. It is the one rule for that: for
// streams, for the history and for what is printed.
type Walk struct {
	// At is how far it has come.
	At Cursor
	// Events appends the events of a change, with their cursors.
	Events func(dst []Event, c *Change) []Event

	events []Event
}

// Next returns the events of c that lie after w.At, and moves that behind c. They
// are good until the next call.
func (w *Walk) Next(c *Change) []Event {
	w.events = w.Events(w.events[:0], c)
	had := c.had(w.At, len(w.events))
	w.At = Cursor{Epoch: c.Epoch, Position: c.Position, Nonce: c.Nonce}
	return w.events[had:]
}

// Misses says whether changes are missing between w.At and c.
func (w *Walk) Misses(c *Change) bool { return c.From > w.At.Position+1 }

// had is how many of the n events of the change a client at a cursor of its tenant has.
// A cursor that points into a row of what is sent as one bulk change has none of that:
// the change is sent for the rows from that one on. Nor has it anything of a change
// that could be read then, and cannot be now.
func (c *Change) had(at Cursor, n int) int {
	if c.Bulk || c.Unreadable != nil || at.Position != c.From-1 {
		return 0
	}
	return min(at.Delivered, n)
}
