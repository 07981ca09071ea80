package feed_test

import (
	"errors"
	"fmt"

	"rowcast/internal/feed"
)

// A cursor is opaque for clients. Inside it is the history, a position and the seal
// that gave it.
func ExampleParseCursor() {
	c, err := feed.ParseCursor("a5f7ff69b4c7.162.o4vv63enhyxb")
	fmt.Println(c.Position, err)

	_, err = feed.ParseCursor("yesterday")
	fmt.Println(errors.Is(err, feed.ErrInvalid))
	// Output:
	// 162 <nil>
	// true
}

// A change makes two events. A client that was cut off between them gets the second
// one when it returns, and then what follows.
func ExampleWalk() {
	events := func(dst []feed.Event, c *feed.Change) []feed.Event {
		return append(dst, feed.Event{Name: "order:updated", Position: c.Position}, feed.Event{Name: "order:status-changed", Position: c.Position})
	}
	at, err := feed.ParseCursor("a5f7ff69b4c7.4.9.1") // one event of the change after position 4
	if err != nil {
		fmt.Println(err)
		return
	}
	walk := feed.Walk{At: at, Events: events}
	for _, position := range []int64{5, 6} {
		for _, e := range walk.Next(&feed.Change{From: position, Position: position}) {
			fmt.Println(e.Position, e.Name)
		}
	}
	// Output:
	// 5 order:status-changed
	// 6 order:updated
	// 6 order:status-changed
}
