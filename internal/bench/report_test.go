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
	"unicode/utf8"

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
			Settings: []bench.Setting{{Name: "fsync", Value: "on"}, {Name: "shared_buffers", Value: "256MB"}},
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
	t.Add(bench.Word("none"), bench.Figure(1), bench.Figure(1234567.0), bench.Figure(88.25))
	t.Add(bench.Word("rowcast"), bench.Figure(64), bench.Figure(999.4), bench.Figure(bench.Unknown()))
	r.Tables = []bench.Table{t, {Key: "empty", Title: "Nothing", Columns: []bench.Column{{Key: "a", Title: "a"}}}}
	r.Charts = []bench.Chart{
		{
			Key: "throughput", Title: "Transactions", X: bench.Axis{Title: "writers"}, Y: bench.Axis{Title: "rate", Unit: "tx/s"},
			Categories: []string{"1", "64"},
			Series: []bench.Series{
				{Name: "none", Points: []bench.Point{{Y: 1200, Low: 1100, High: 1300}, {Y: 8000, Low: 7500, High: 8200}}},
				{Name: "rowcast", Points: []bench.Point{{Y: 1000}, {Y: bench.Unknown(), Low: bench.Unknown(), High: bench.Unknown()}}},
			},
		},
		{
			Key: "latency", Title: "Latency",
			X:      bench.Axis{Title: "percentile", Log: true, Ticks: []bench.Tick{{At: 1, Label: "0"}, {At: 2, Label: "50"}, {At: 100, Label: "99"}}},
			Y:      bench.Axis{Title: "latency", Unit: "ms", Log: true},
			Series: []bench.Series{{Name: "rowcast", Points: []bench.Point{{X: 1, Y: 0.4}, {X: 2, Y: 1.3}, {X: 100, Y: 8.1}}}},
		},
		{Key: "none", Title: "No figure", X: bench.Axis{Title: "x"}, Y: bench.Axis{Title: "y"}},
	}
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

// TestWideTablesFit: titles are broken between words rather than lines.
func TestWideTablesFit(t *testing.T) {
	t.Parallel()
	wide := bench.Table{Title: "wide"}
	var cells []bench.Cell
	for range 10 {
		wide.Columns = append(wide.Columns, bench.Column{Title: "title of a column", Unit: "ms"})
		cells = append(cells, bench.Figure(1234))
	}
	wide.Add(cells...)
	text := string(render(t, (&bench.Report{Tables: []bench.Table{wide}}).Text))
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(line) - 1; n > 120 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if strings.Count(text, "column") != 10 || strings.Count(text, "title") != 10 {
		t.Error(text)
	}
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
	empty := render(t, new(bench.Report).JSON)
	if strings.Contains(string(empty), "null") {
		t.Errorf("an empty report has null where a list belongs:\n%s", empty)
	}
}

func TestHTML(t *testing.T) {
	t.Parallel()
	golden(t, "report.html", render(t, sample().HTML))
}

// TestHTMLIsSelfContained also checks that what is drawn is well-formed.
func TestHTMLIsSelfContained(t *testing.T) {
	t.Parallel()
	text := string(render(t, sample().HTML))
	for _, foreign := range []string{"<script", "<link", "<img", "src=", "url(", "@import", "http://", "https://"} {
		if strings.Contains(text, foreign) {
			t.Errorf("the page has %q", foreign)
		}
	}
	if !strings.Contains(text, "prefers-color-scheme: dark") {
		t.Error("the page has one colour scheme only")
	}
	drawings := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(text, -1)
	if len(drawings) != 3 {
		t.Fatalf("%d drawings; want 3", len(drawings))
	}
	for _, drawing := range drawings {
		d := xml.NewDecoder(strings.NewReader(drawing))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in %s", err, drawing)
			}
		}
		if strings.Contains(drawing, "NaN") || strings.Contains(drawing, "Inf") || strings.Contains(drawing, "ZgotmplZ") {
			t.Errorf("a place is no number in %s", drawing)
		}
	}
	if n := strings.Count(drawings[0], "<rect"); n != 3 {
		t.Errorf("%d columns; want 3, without the unknown one", n)
	}
}

func TestHTMLEscapes(t *testing.T) {
	t.Parallel()
	const attack = `"><script>alert(1)</script>`
	r := sample()
	r.Command, r.Notes = attack, []string{attack}
	r.Environment.Settings[0].Value = attack
	r.Bars[0].Name, r.Tables[0].Title, r.Tables[0].Rows[0][0] = attack, attack, bench.Word(attack)
	r.Charts[0].Title, r.Charts[0].Categories[0], r.Charts[0].Series[0].Name = attack, attack, attack
	r.Charts[1].X.Ticks[0].Label = attack
	if text := string(render(t, r.HTML)); strings.Contains(text, "<script") {
		t.Error("text became markup")
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	b := bench.Judge("a", "a", bench.Unknown(), bench.AtMost, 1, "x")
	if b.Verdict != bench.NotApplicable || b.Reason == "" {
		t.Errorf("an unknown figure is judged: %+v", b)
	}
	got, err := json.Marshal([]any{bench.Figure(bench.Unknown()), bench.Figure(0), bench.Word(""), b, bench.Point{Y: bench.Unknown()}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `[null,0,"",{"key":"a","name":"a","figure":null,"relation":"\u003c=","wanted":1,"unit":"x","verdict":"notApplicable","reason":"the figure is unknown"},{"x":0,"y":null}]`
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
		relation bench.Relation
		want     bench.Verdict
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
		if r.Met() != (test.want == bench.Met) {
			t.Errorf("a report with a bar that is %s says %v", test.want, r.Met())
		}
	}
	if r := (bench.Report{Bars: []bench.Bar{bench.Judge("k", "n", 3, bench.AtMost, 2, "x").Waive("")}}); !r.Met() {
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
