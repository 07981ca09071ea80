package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Bounds of a record.
const (
	maxKept  = 1000
	maxBytes = 8 << 20
)

// record has the latest broadcasts. Offsets are their numbers, and name the
// record, so that those of another are known.
type record struct {
	name string
	// last is the number of the latest broadcast.
	last int64
	// kept are the frames of the latest ones, the newest last.
	kept  [][]byte
	bytes int
}

func newRecord() *record { return &record{name: rand.Text()} }

// offset is that of the latest broadcast, as JSON.
func (r *record) offset() json.RawMessage { return fmt.Appendf(nil, `"%s.%d"`, r.name, r.last) }

// advance begins a broadcast.
func (r *record) advance() { r.last++ }

// keep keeps the frames of the broadcast that was begun.
func (r *record) keep(frames []byte) {
	r.kept = append(r.kept, frames)
	r.bytes += len(frames)
	for len(r.kept) > maxKept || r.bytes > maxBytes {
		r.bytes -= len(r.kept[0])
		r.kept = r.kept[1:]
	}
}

// resume reads what a client sent to connect. If it asks to recover, and all
// that it missed is there, that is given, and pid is its own; else pid is a new
// one.
func (r *record) resume(auth json.RawMessage) (pid string, missed []byte) {
	var claim struct {
		PID    string `json:"pid"`
		Offset string `json:"offset"`
	}
	_ = json.Unmarshal(auth, &claim) // a client that sends something else does not recover
	number, ours := strings.CutPrefix(claim.Offset, r.name+".")
	seen, err := strconv.ParseInt(number, 10, 64)
	if claim.PID == "" || !ours || err != nil || seen > r.last || r.last-seen > int64(len(r.kept)) {
		return rand.Text(), nil
	}
	for _, frames := range r.kept[len(r.kept)-int(r.last-seen):] {
		missed = append(missed, frames...)
	}
	return claim.PID, missed
}
