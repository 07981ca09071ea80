package socket_test

import (
	"testing"

	"rowcast/internal/wire/socket"
)

// TestOrder: the first request of a connection has the place of the connection,
// others have none.
func TestOrder(t *testing.T) {
	t.Parallel()
	accept := socket.Accepted()
	first, second := accept(t.Context(), nil), accept(t.Context(), nil)
	late, early := socket.Order(second), socket.Order(first)
	if early == 0 || late <= early {
		t.Errorf("places %d and %d", early, late)
	}
	if again := socket.Order(first); again != 0 {
		t.Errorf("the second request of a connection has place %d", again)
	}
	if unknown := socket.Order(t.Context()); unknown != 0 {
		t.Errorf("a connection that was not counted has place %d", unknown)
	}
}
