package socketio_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// about is what is said about the event of TestArguments.
const about = `{"tenantId":"T","position":%d,"cursor":"f1.%d.cre66i9s","at":"2001-09-09T01:46:40.123456Z",` +
	`"source":{"table":"orders","op":"insert","tx":"7391","writer":"psql"}}`

// TestArguments: an event has its data alone, unless the client asks for more when it
// connects or joins. An offset comes last, for clients that may recover, and these get
// what they had asked for when they do.
func TestArguments(t *testing.T) {
	t.Parallel()
	for _, recovery := range []bool{false, true} {
		for connect, asked := range map[string]bool{
			"": false, `,"meta":true`: true, `,"meta":false`: false, `,"meta":"phone"`: false, `,"meta":1`: false, `,"Meta":true`: false,
			`,"recovery":false`: false, `,"recovery":false,"meta":true`: true, `,"recovery":"off"`: false,
			`,"meta":"true"`: true, `,"recovery":"false"`: false,
		} {
			for join, wants := range map[string]bool{
				`"T"`: asked, `{"tenantId":"T"}`: asked, `{"tenantId":"T","meta":null}`: asked,
				`{"tenantId":"T","meta":true}`: true, `{"tenantId":"T","meta":false}`: false,
				`{"tenantId":"T","meta":true,"events":["order:*"]}`: true, `{"tenantId":"T","events":["order:*"]}`: asked,
			} {
				t.Run(fmt.Sprintf("recovery %t, auth %s, join %s", recovery, connect, join), func(t *testing.T) {
					t.Parallel()
					offset := recovery && !strings.Contains(connect, `"recovery":false`) && !strings.Contains(connect, `"recovery":"false"`) && !strings.Contains(join, "events")
					arguments(t, recovery, connect, join, wants, offset)
				})
			}
		}
	}
}

func arguments(t *testing.T, recovery bool, connect, join string, meta, offset bool) {
	t.Helper()
	b := setup(t, recovery)
	c := b.connect(t, `{"token":"ann_T_1h"`+connect+`}`)
	pid := c.accepted()
	c.Send(`420["join-tenant",` + join + `]`)
	c.wantPart(`430[{"ok":true,`)
	if pid != "" {
		c.wantPart(`42["joined",`)
	}
	last := ""
	event := func() {
		t.Helper()
		b.Publish("T", "order:created", `{"id":1}`)
		want := []string{`"order:created"`, `{"id":1}`}
		if meta {
			want = append(want, fmt.Sprintf(about, b.Positions["T"], b.Positions["T"]))
		}
		text := c.Next()
		var got []json.RawMessage
		if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "42")), &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if offset {
			if err := json.Unmarshal(got[len(got)-1], &last); err != nil || last == "" {
				t.Fatalf("%s has no offset: %v", text, err)
			}
			got = got[:len(got)-1]
		}
		if !slices.EqualFunc(got, want, func(a json.RawMessage, b string) bool { return string(a) == b }) {
			t.Fatalf("got %s, want %s", text, want)
		}
	}
	event()
	if !offset {
		return
	}
	_ = c.Close()
	c = b.connect(t, fmt.Sprintf(`{"token":"ann_T_1h","pid":%q,"offset":%q%s}`, pid, last, connect))
	if again := c.accepted(); again != pid {
		t.Fatal("not recovered")
	}
	event()
}
