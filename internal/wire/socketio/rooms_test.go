package socketio_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"rowcast/internal/wire/socketio"
)

// TestRooms: members get what is sent to a room, others do not, and who has
// ended is in none.
func TestRooms(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{})
	var rooms socketio.Rooms
	sockets := make(chan *socketio.Socket, 3)
	b.main.connect = func(s *socketio.Socket, _ json.RawMessage) {
		s.Accept("")
		sockets <- s
	}
	var clients []*client
	var members []*socketio.Socket
	for i := range 3 {
		clients = append(clients, b.join(t))
		s := <-sockets
		members = append(members, s)
		for _, room := range []string{"all", "all", fmt.Sprint("room ", i)} {
			if !rooms.Join(s, room) {
				t.Fatal("cannot join")
			}
		}
	}
	if got := rooms.Of(members[1]); !slices.Equal(got, []string{"all", "room 1"}) {
		t.Errorf("in %q", got)
	}
	if n := rooms.Broadcast("all", "/", "hello", asJSON("1")...); n != 3 {
		t.Errorf("sent to %d", n)
	}
	if n := rooms.Broadcast("room 1", "/", "you"); n != 1 {
		t.Errorf("sent to %d", n)
	}
	rooms.Leave(members[2], "all")
	rooms.Leave(members[2], "all")
	rooms.Leave(members[2], "room 1")
	if n := rooms.Broadcast("all", "/", "last"); n != 2 || rooms.Broadcast("nobody", "/", "a") != 0 {
		t.Errorf("sent to %d", n)
	}
	rooms.Broadcast("room 2", "/", "alone")
	clients[0].Want(`42["hello",1]`, `42["last"]`)
	clients[1].Want(`42["hello",1]`, `42["you"]`, `42["last"]`)
	clients[2].Want(`42["hello",1]`, `42["alone"]`)

	clients[0].Send("41")
	_ = clients[1].Close()
	<-b.main.ended
	<-b.main.ended
	if n := rooms.Broadcast("all", "/", "a"); n != 0 {
		t.Errorf("%d are left", n)
	}
	if rooms.Join(members[0], "all") || len(rooms.Of(members[0])) > 0 || len(rooms.Of(members[1])) > 0 {
		t.Error("a socket that has ended is in a room")
	}
}

// TestBroadcastsKeepTheirOrder: all members get them in the same one, whoever
// sends.
func TestBroadcastsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	b := setup(t, socketio.Options{})
	var rooms socketio.Rooms
	b.main.connect = func(s *socketio.Socket, _ json.RawMessage) {
		rooms.Join(s, "all")
		s.Accept("")
	}
	clients := []*client{b.join(t), b.join(t), b.join(t), b.join(t)}
	var wg sync.WaitGroup
	const each = 300
	for sender := range 4 {
		wg.Go(func() {
			for i := range each {
				rooms.Broadcast("all", "/", "a", asJSON(strconv.Itoa(sender), strconv.Itoa(i))...)
			}
		})
	}
	wg.Wait()
	for range 4 * each {
		first := clients[0].Next()
		for _, c := range clients[1:] {
			c.Want(first)
		}
	}
}
