package feed_test

import (
	"errors"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"rowcast/internal/feed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCursorRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := feed.Cursor{
			Epoch:    rapid.StringMatching(`[0-9a-f]{8}`).Draw(t, "feed"),
			Position: rapid.Int64Min(0).Draw(t, "position"),
			Nonce:    rapid.Int64Min(0).Draw(t, "nonce"),
		}
		text := want.String()
		if earlier := rapid.Bool().Draw(t, "of an earlier version"); earlier {
			text += ".s"
		} else {
			want.Delivered = rapid.IntRange(0, 9).Draw(t, "delivered")
			text = want.String()
		}
		got, err := feed.ParseCursor(text)
		if err != nil || got != want {
			t.Fatalf("ParseCursor(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	})
}

func TestParseCursorRefusesForeignText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", ".", "..", "a..", "a.1", "a.-1.0", "a.1.-1", "a.01.0", "a.1.0.0", "a.1.0.x", "a.1.0.s.s", "a.1.0.2.s",
		".1.0", "a.1.0.-1", "a.9223372036854775808.0", "a.1.0\n", "a.+1.0", string(make([]byte, 500)),
	} {
		if c, err := feed.ParseCursor(text); !errors.Is(err, feed.ErrInvalid) {
			t.Errorf("ParseCursor(%q) = %+v, %v; want ErrInvalid", text, c, err)
		}
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add("0a1b2c3d.42.zik0zj")
	f.Add("0a1b2c3d.42.zik0zj.2")
	f.Add("0a1b2c3d.42.zik0zj.s")
	f.Add("0a1b2c3d.42.zik0zj~any")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := feed.ParseCursor(text)
		if err == nil && c.String() != text && c.String()+".s" != text && c.String()+".s~any" != text && c.String()+"~any" != text {
			t.Fatalf("%q parses as %+v, whose text is %q", text, c, c)
		}
	})
}
