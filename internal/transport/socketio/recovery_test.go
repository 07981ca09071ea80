package socketio_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rowcast/internal/transport"
	"rowcast/internal/transport/socketio"
)

func socketioWireClose() []byte { return socketio.Encoder{}.AppendClose(nil, transport.Revoked, "") }

// offsetOf is the last argument of an event, a text.
func offsetOf(t *testing.T, packet string) string {
	t.Helper()
	_, offset, ok := strings.Cut(strings.TrimSuffix(packet, `"]`), `},"`)
	if !ok || !strings.HasSuffix(packet, `"]`) {
		t.Fatalf("%s has no offset", packet)
	}
	return offset
}

// recover connects as a client that was cut off.
func (b *bundle) recover(t *testing.T, token, pid, offset string) *client {
	t.Helper()
	return b.connect(t, fmt.Sprintf(`{"token":%q,"pid":%q,"offset":%q}`, token, pid, offset))
}

// TestRecovery: from every offset that a client is told, also several times.
func TestRecovery(t *testing.T) {
	t.Parallel()
	b := setup(t, true)
	c := b.connect(t, `{"token":"ann_T_1h"}`)
	id, pid := c.named()
	c.Send(`420["join-tenant","T"]`)
	c.wantPart(`430[{"ok":true,`)
	offsets := []string{offsetOf(t, c.Next())} // of the event joined: nothing is missed before the first event
	const count = 5
	for i := range count {
		b.Publish("T", "order:created", fmt.Sprintf(`{"id":%d}`, i))
		offsets = append(offsets, offsetOf(t, c.Next()))
	}
	_ = c.Close()
	for from, offset := range offsets {
		c := b.recover(t, "ann_T_1h", pid, offset)
		if gotID, got := c.named(); got != pid || gotID != id {
			t.Fatalf("from %s: not recovered, or as %s instead of %s", offset, gotID, id)
		}
		for i := from; i < count; i++ {
			packet := c.Next()
			if !strings.HasPrefix(packet, fmt.Sprintf(`42["order:created",{"id":%d},`, i)) || offsetOf(t, packet) != offsets[i+1] {
				t.Fatalf("from %s: %s, want %d", offset, packet, i)
			}
		}
		c.Send(`420["join-tenant","T"]`) // as old code does whenever it connects
		c.wantPart(`430[{"ok":true,`, fmt.Sprintf(`"position":%d}]`, count))
		if offset := offsetOf(t, c.Next()); offset != offsets[count] {
			t.Fatalf("joined once more: %s", offset)
		}
		_ = c.Close()
	}
	c = b.recover(t, "ann_T_1h", pid, offsets[count])
	c.accepted()
	b.Publish("T", "order:created", `{"id":"live"}`)
	c.wantPart(`{"id":"live"}`)
	c.Send(`420["leave-tenant","T"]`)
	left := offsetOf(t, c.Next())
	c.Want(`430[{"ok":true,"tenantId":"T"}]`)
	_ = c.Close()
	c = b.recover(t, "ann_T_1h", pid, left)
	if got := c.accepted(); got != pid {
		t.Error("a client that had left everything did not recover")
	}
	b.Publish("T", "order:created", `{"id":"unseen"}`)
	c.Send(`420["join-tenant","U"]`)
	c.wantPart(`430[{"ok":false,"code":"forbidden"`)
}

// TestNoRecovery: when a client has missed what nobody can tell, or may not
// hear it, it is told by a new pid, and to forget its offset.
func TestNoRecovery(t *testing.T) {
	t.Parallel()
	b := setup(t, true)
	c := b.connect(t, `{"token":"ann_T_1h"}`)
	id, pid := c.named()
	c.Send(`42["join-tenant","T"]`)
	offsetOf(t, c.Next())
	b.Publish("T", "order:created", `{}`)
	offset := offsetOf(t, c.Next())
	c.Send(`420["join-tenant",{"tenantId":"T","events":["order:*"]}]`)
	c.wantPart(`430[{"ok":true,`)
	filtered := offsetOf(t, c.Next())
	b.Publish("T", "order:created", `{}`)
	if packet := c.Next(); strings.HasSuffix(packet, `"]`) {
		t.Errorf("filtered, but with an offset: %s", packet)
	}
	for name, q := range map[string][3]string{
		"another subject":   {"bob_T_1h", pid, offset},
		"another tenant":    {"ann_U_1h", pid, offset},
		"a forged pid":      {"ann_T_1h", "x" + pid[strings.Index(pid, ".")+1:], offset},
		"a forged offset":   {"ann_T_1h", pid, "f1.1.0"},
		"an expired offset": {"ann_T_1h", pid, "f1.9.cre66i9s"},
		"another feed":      {"ann_T_1h", pid, "f2.1.cre66i9s"},
		"no offset":         {"ann_T_1h", pid, ""},
		"filtered":          {"ann_T_1h", pid, filtered},
	} {
		c := b.recover(t, q[0], q[1], q[2])
		if gotID, got := c.named(); got == pid || got == "" || gotID == id {
			t.Errorf("%s: id %q, pid %q", name, gotID, got)
		}
		fresh := offsetOf(t, c.Next())
		c.Send(`420["leave-tenant","-"]`) // nothing is joined, so nothing is heard
		c.Want(`430[{"ok":true,"tenantId":"-"}]`)
		_ = c.Close()
		c = b.recover(t, q[0], pid, fresh) // cut off before it has joined again
		if again := c.accepted(); again == pid {
			t.Errorf("%s: recovered from nothing", name)
		}
		_ = c.Close()
	}
	c = b.connect(t, `{"token":"ann_T-U_1h"}`)
	if pid := c.accepted(); pid != "" {
		t.Errorf("recovery of several tenants is offered: %q", pid)
	}
}

// TestLeavingAnotherTenantKeepsTheOffset: the place of a client is in the tenant
// that it has joined, whatever else it leaves.
func TestLeavingAnotherTenantKeepsTheOffset(t *testing.T) {
	t.Parallel()
	b := setup(t, true)
	c := b.connect(t, `{"token":"ann_T_1h"}`)
	pid := c.accepted()
	c.Send(`420["join-tenant","T"]`)
	c.wantPart(`430[{"ok":true,`)
	offset := offsetOf(t, c.Next())
	c.Send(`420["leave-tenant","U"]`) // as a page that had another tenant before
	for packet := c.Next(); !strings.HasPrefix(packet, "430"); packet = c.Next() {
		offset = offsetOf(t, packet)
	}
	_ = c.Close()
	b.Publish("T", "order:created", `{"id":1}`)
	c = b.recover(t, "ann_T_1h", pid, offset)
	if got := c.accepted(); got != pid {
		t.Fatal("not recovered")
	}
	c.Send(`420["leave-tenant","U"]`)
	c.wantPart(`42["order:created",{"id":1},`)
}

// TestRecoveryThatWaits: while the tail is away a client waits. It may give up, and
// ask once more on the same session or on another at the same time: each is
// accepted once, with what it missed.
func TestRecoveryThatWaits(t *testing.T) {
	t.Parallel()
	b := setup(t, true)
	c := b.connect(t, `{"token":"ann_T_1h"}`)
	pid := c.accepted()
	c.Send(`420["join-tenant","T"]`)
	c.wantPart(`430[{"ok":true,`)
	offset := offsetOf(t, c.Next())
	b.Hub.Live(false)
	b.Publish("T", "order:created", `{"id":1}`)
	c.wantPart(`{"id":1}`)
	auth := fmt.Sprintf(`{"token":"ann_T_1h","pid":%q,"offset":%q}`, pid, offset)
	gone, again, other := b.connect(t, auth), b.connect(t, auth), b.connect(t, auth)
	again.Send("41")
	again.Send("40" + auth)
	again.Send(`425["join-tenant","T"]`)
	for _, c := range []*client{gone, again, other} {
		c.Send("40/x") // is refused when all before has been heard
		c.wantPart("44/x,")
	}
	_ = gone.Close()
	b.Hub.Live(true)
	for _, c := range []*client{again, other} {
		if got := c.accepted(); got != pid {
			t.Fatalf("not recovered: %q", got)
		}
		c.wantPart(`42["order:created",{"id":1},`)
	}
	again.wantPart(`435[{"ok":true,`, `"position":1}]`)
	again.wantPart(`42["joined",`)
	b.Publish("T", "order:created", `{"id":2}`)
	for _, c := range []*client{c, again, other} {
		c.wantPart(`42["order:created",{"id":2},`)
	}
	for n := int64(4); n > 3; n = b.Hub.Stats().Subscriptions { // that of gone ends with it
		time.Sleep(time.Millisecond)
	}
}
