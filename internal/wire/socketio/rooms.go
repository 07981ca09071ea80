package socketio

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
)

// Rooms are named groups of the sockets of one namespace, in this process. The
// zero value is ready. Sockets leave when they end.
type Rooms struct {
	// order is held while something is sent, so that all members get it in the
	// same order. It is taken before mu.
	order   sync.Mutex
	members []*Socket // reused

	// mu guards the rest. It is taken before the mu of a client.
	mu sync.Mutex
	by map[string]map[*Socket]struct{}
	of map[*Socket][]string
}

// Join adds a socket to a room. It returns false if the socket has ended.
func (r *Rooms) Join(s *Socket, room string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !s.enter(r) {
		return false
	}
	if r.by == nil {
		r.by, r.of = make(map[string]map[*Socket]struct{}), make(map[*Socket][]string)
	}
	if r.by[room] == nil {
		r.by[room] = make(map[*Socket]struct{})
	}
	if _, in := r.by[room][s]; !in {
		r.by[room][s] = struct{}{}
		r.of[s] = append(r.of[s], room)
	}
	return true
}

// Leave takes a socket out of a room.
func (r *Rooms) Leave(s *Socket, room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, in := r.by[room][s]; !in {
		return
	}
	r.leaveLocked(s, room)
	if r.of[s] = slices.DeleteFunc(r.of[s], func(o string) bool { return o == room }); len(r.of[s]) == 0 {
		delete(r.of, s)
	}
}

// leaveLocked takes a socket out of a room.
func (r *Rooms) leaveLocked(s *Socket, room string) {
	delete(r.by[room], s)
	if len(r.by[room]) == 0 {
		delete(r.by, room)
	}
}

// drop takes a socket out of all rooms.
func (r *Rooms) drop(s *Socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, room := range r.of[s] {
		r.leaveLocked(s, room)
	}
	delete(r.of, s)
}

// Of lists the rooms of a socket.
func (r *Rooms) Of(s *Socket) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.of[s])
}

// Broadcast sends an event to all in a room, encoded once, and says how many
// they are.
func (r *Rooms) Broadcast(room, namespace, name string, args ...json.RawMessage) int {
	return r.Send(room, AppendEvent(nil, namespace, name, args...))
}

// Send writes complete frames to all in a room, and says how many they are.
func (r *Rooms) Send(room string, frames []byte) int {
	r.order.Lock()
	defer r.order.Unlock()
	r.mu.Lock()
	r.members = slices.AppendSeq(r.members[:0], maps.Keys(r.by[room]))
	r.mu.Unlock()
	for _, s := range r.members {
		s.Send(frames)
	}
	n := len(r.members)
	clear(r.members)
	return n
}

// enter notes that a socket is in rooms. It returns false if it has ended.
func (s *Socket) enter(r *Rooms) bool {
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	if s.state.Load() >= left {
		return false
	}
	if !slices.Contains(s.rooms, r) {
		s.rooms = append(s.rooms, r)
	}
	return true
}

// leaveRooms takes a socket that has ended out of all rooms.
func (s *Socket) leaveRooms() {
	s.client.mu.Lock()
	rooms := s.rooms
	s.rooms = nil
	s.client.mu.Unlock()
	for _, r := range rooms {
		r.drop(s)
	}
}
