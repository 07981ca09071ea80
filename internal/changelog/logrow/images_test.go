package logrow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"rowcast/internal/changelog/logrow"
	"rowcast/internal/feed"
	"rowcast/internal/test/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// texts are JSON objects as a column of type json may hold them.
func texts() []string {
	all := []string{
		`{}`, ` { "a" : 1.50 , "a":1e3}` + "\n", `{"a":"語 \u00e9 \ud800 \\ \" \/","b":[null,true,-0]}`, `{"null":"NULL","b":"{,}"}`,
	}
	for _, depth := range []int{10, 10_000, 12_000} {
		all = append(all, `{"a":`+strings.Repeat("[", depth)+strings.Repeat("]", depth)+`}`)
	}
	return all
}

// TestImagesAreTakenAsTheyAre: byte by byte, in any number, beside missing ones.
func TestImagesAreTakenAsTheyAre(t *testing.T) {
	t.Parallel()
	conn := pgtest.Connect(t, pgtest.Database(t))
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *string {
			if rapid.IntRange(0, 9).Draw(t, "missing") == 0 {
				return nil
			}
			return new(rapid.SampledFrom(texts()).Draw(t, "text"))
		}), 0, 20).Draw(t, "images")
		var sent []byte
		if err := conn.QueryRow(context.Background(), "select array_send($1::text[]::json[])", want).Scan(&sent); err != nil {
			t.Fatal(err)
		}
		got, err := logrow.ParseImages(sent)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d images, %v; want %d", len(got), err, len(want))
		}
		for i, image := range got {
			if (image == nil) != (want[i] == nil) || image != nil && string(image) != *want[i] {
				t.Fatalf("image %d is %.100q", i, image)
			}
			c := feed.Change{After: image}
			if why := logrow.Examine(&c, true, false); (why == nil) != (image != nil) {
				t.Fatalf("image %.100q: %+v", image, why)
			}
		}
	})
}

// TestDamagedImages: whatever bytes come, they are images within those bytes or an
// error, and what is no JSON object is refused, as is what is too large.
func TestDamagedImages(t *testing.T) {
	t.Parallel()
	conn := pgtest.Connect(t, pgtest.Database(t))
	var sent []byte
	if err := conn.QueryRow(t.Context(), "select array_send($1::text[]::json[])", texts()[:4]).Scan(&sent); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(sent)
		for range rapid.IntRange(1, 4).Draw(t, "harms") {
			at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
			if rapid.Bool().Draw(t, "cut") && at > 0 {
				b = b[:at]
			} else {
				b[at] = rapid.Byte().Draw(t, "byte")
			}
		}
		got, err := logrow.ParseImages(b)
		total := 0
		for _, image := range got {
			total += len(image)
			c := feed.Change{After: image}
			why := logrow.Examine(&c, true, false)
			if why == nil && !json.Valid(image) || why != nil && why.Reason != feed.Decoding {
				t.Fatalf("%q: %+v", image, why)
			}
		}
		if total > len(b) || err != nil && got != nil {
			t.Fatalf("%d bytes of images in %d, %v", total, len(b), err)
		}
	})
	for n, reason := range map[int]feed.Reason{feed.MaxRows: "", feed.MaxRows + 1: feed.Size} {
		row := func(n int) json.RawMessage { return json.RawMessage(`{"a":"` + strings.Repeat("x", n-8) + `"}`) }
		for _, c := range []feed.Change{{After: row(n)}, {After: row(n - 100), Before: row(100)}} {
			why := logrow.Examine(&c, true, c.Before != nil)
			if (why != nil) != (reason != "") || why != nil && why.Reason != reason {
				t.Errorf("%d bytes: %+v", n, why)
			}
		}
	}
}

// BenchmarkScan reads pages of log rows, beside how that was with encoding/json.
func BenchmarkScan(b *testing.B) {
	conn := pgtest.Connect(b, pgtest.Database(b))
	row := `{"id":184467,"tenant_id":"7f0a3c1e-3b1f-4f0e-9a77-0d4f3f6f2b11","order_number":"SO-2026-000184467","status":"pending",` +
		`"customer_name":"Brown & Sons (Holding) Ltd","currency":"EUR","total":1486.91,"created_at":"2026-01-02T03:04:05.678901+00:00"}`
	for _, images := range []int{1, 200} {
		rows := fmt.Sprintf(`array_fill('%s'::json, array[%d])`, row, images)
		head := `select 1::bigint, 1::bigint, %d::bigint, 1::bigint, 1::bigint, 'T'::text, 1::bigint, 1::integer, '1'::xid8, 1::bigint,
			true, now(), 1, 'i'::"char", 'writer'::text, %s from generate_series(1, 256)`
		b.Run(fmt.Sprint(images, "/bytes"), func(b *testing.B) {
			b.SetBytes(int64(256 * images * len(row)))
			for b.Loop() {
				answer, err := conn.Query(b.Context(), fmt.Sprintf(head, images, "array_send("+rows+"), null::bytea"))
				if err != nil {
					b.Fatal(err)
				}
				read, err := pgx.CollectRows(answer, logrow.Scan)
				if err != nil {
					b.Fatal(err)
				}
				var changes []feed.Change
				for i := range read {
					changes = read[i].Changes(changes[:0], "f", logrow.Table{}, 1000, -1000)
				}
				if len(changes) != images || changes[0].Unreadable != nil {
					b.Fatalf("%d changes", len(changes))
				}
			}
		})
		b.Run(fmt.Sprint(images, "/encoding-json"), func(b *testing.B) {
			b.SetBytes(int64(256 * images * len(row)))
			for b.Loop() {
				answer, err := conn.Query(b.Context(), fmt.Sprintf(head, images, rows+", null::json[]"))
				if err != nil {
					b.Fatal(err)
				}
				var after, before []json.RawMessage
				var skip [15]any
				n, err := pgx.ForEachRow(answer, append(skip[:], &after, &before), func() error { return nil })
				if err != nil || n.RowsAffected() != 256 {
					b.Fatal(err)
				}
			}
		})
	}
}
