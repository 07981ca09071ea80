package bench_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"rowcast/internal/bench"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sample has one of everything that a report can hold.
func sample() *bench.Report {
	r := &bench.Report{
		Name: "sample", Title: "what a report can hold", Command: "rowcast-bench sample --rounds 2",
		Time: time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC), Seconds: 61.4,
		Environment: bench.Environment{
			CPU: "Example 3000", Cores: 2, OS: "linux/amd64 6.1", Go: "go1.26", Rowcast: "v1", PostgreSQL: "15.18",
			Settings: []string{"fsync=on", "shared_buffers=256MB"},
		},
		Bars: []bench.Bar{
			bench.Judge("ratio", "64 writers, of none", 0.8512, bench.AtLeast, 0.8, "x"),
			bench.Judge("p99Milliseconds", "p99 at 2,000/s", 21.4, bench.AtMost, 20, "ms"),
			bench.Judge("cpuRatio", "CPU of COPY", bench.Unknown(), bench.AtMost, 2, "x"),
			bench.Judge("delayedRatio", "64 writers, of notify", 4, bench.AtLeast, 12, "x").Waive("only with --commit-delay"),
		},
		Notes: []string{strings.Repeat("A long sentence wraps. ", 12), "<b>markup</b> & \"quotes\""},
	}
	t := bench.Table{Key: "transactions", Title: "Single-row transactions", Columns: []bench.Column{
		{Key: "variant", Title: "triggers"},
		{Key: "writers", Title: "writers"},
		{Key: "transactionsPerSecond", Title: "median", Unit: "tx/s"},
		{Key: "serverCpuMicrosecondsPerRow", Title: "server CPU", Unit: "µs/row", Digits: 1},
	}}
	t.Add([]string{"none"}, 1, 1234567, 88.25)
	t.Add([]string{"rowcast"}, 64, 999.4, bench.Unknown())
	r.Tables = []bench.Table{t}
	return r
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got); if it is meant, run the tests with -update:\n%s", path, diff)
	}
}

func render(t *testing.T, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestText(t *testing.T) {
	t.Parallel()
	golden(t, "report.txt", render(t, sample().Text))
}

func TestJSON(t *testing.T) {
	t.Parallel()
	text := render(t, sample().JSON)
	golden(t, "report.json", text)
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	camelCase := regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`)
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, member := range v {
				if !camelCase.MatchString(name) {
					t.Errorf("the name %q is not in camelCase", name)
				}
				visit(member)
			}
		case []any:
			for _, member := range v {
				visit(member)
			}
		}
	}
	visit(value)
}

// TestPictures: they are well-formed, whatever the names are, and an unknown figure is no
// number in them.
func TestPictures(t *testing.T) {
	t.Parallel()
	const attack = `"><script>alert(1)</script>`
	table := sample().Tables[0]
	table.Title, table.Columns[3].Title, table.Rows[0][0] = attack, attack, attack
	for _, unit := range []string{"tx/s", "µs/row"} {
		picture := render(t, func(w io.Writer) error { return table.SVG(w, unit) })
		for d := xml.NewDecoder(bytes.NewReader(picture)); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			element, _ := token.(xml.StartElement)
			if err != nil || element.Name.Local == "script" {
				t.Fatalf("%v, %v in %s", err, element, picture)
			}
		}
		for _, text := range []string{"NaN", "Inf"} {
			if bytes.Contains(picture, []byte(text)) {
				t.Errorf("%s is in %s", text, picture)
			}
		}
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	b := bench.Judge("a", "a", bench.Unknown(), bench.AtMost, 1, "x")
	if b.Verdict != bench.NotApplicable || b.Reason == "" {
		t.Errorf("an unknown figure is judged: %+v", b)
	}
	got, err := json.Marshal([]any{bench.Figure(bench.Unknown()), bench.Figure(0), b})
	if err != nil {
		t.Fatal(err)
	}
	const want = `[null,0,{"key":"a","name":"a","figure":null,"relation":"\u003c=","wanted":1,"unit":"x","verdict":"notApplicable","reason":"the figure is unknown"}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if text := bench.Format(bench.Unknown(), 1); text != "–" {
		t.Errorf("an unknown figure reads %q", text)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		figure   float64
		relation string
		want     string
	}{
		{2, bench.AtLeast, bench.Met},
		{2.1, bench.AtLeast, bench.Met},
		{1.999, bench.AtLeast, bench.Missed},
		{2, bench.AtMost, bench.Met},
		{1.9, bench.AtMost, bench.Met},
		{2.001, bench.AtMost, bench.Missed},
	} {
		b := bench.Judge("k", "n", test.figure, test.relation, 2, "x")
		if b.Verdict != test.want {
			t.Errorf("%v %s 2 is %s", test.figure, test.relation, b.Verdict)
		}
		r := bench.Report{Bars: []bench.Bar{b}}
		if (len(r.Missed()) == 0) != (test.want == bench.Met) {
			t.Errorf("a report with a bar that is %s has missed %v", test.want, r.Missed())
		}
	}
	if r := (bench.Report{Bars: []bench.Bar{bench.Judge("k", "n", 3, bench.AtMost, 2, "x").Waive("")}}); len(r.Missed()) > 0 {
		t.Error("a bar that does not apply counts as missed")
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		figure float64
		digits int
		want   string
	}{
		{0, 0, "0"}, {999, 0, "999"}, {1000, 0, "1,000"}, {1234567.891, 2, "1,234,567.89"}, {-1234.5, 1, "-1,234.5"}, {-0.001, 1, "0.0"}, {0.005, 3, "0.005"},
	} {
		if got := bench.Format(test.figure, test.digits); got != test.want {
			t.Errorf("%v with %d digits is %q; want %q", test.figure, test.digits, got, test.want)
		}
	}
}

// TestMachine reads what this machine says of itself.
func TestMachine(t *testing.T) {
	t.Parallel()
	e := bench.Machine("v1")
	if e.Cores < 1 || e.OS == "" || e.Go == "" || e.Rowcast != "v1" {
		t.Errorf("%+v", e)
	}
}
