package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"rowcast/internal/bench"
	"rowcast/internal/bench/output"
	"rowcast/internal/pgtest"
)

// short are the flags of a run that is about nothing but itself.
func short(more ...string) []string {
	return append([]string{"bench", "write", "--writers", "1,2", "--rounds", "1", "--duration", "20ms", "--rows", "1000"}, more...)
}

// benchEnviron has the program start readers that are this test binary.
func benchEnviron(dsn string) []string {
	return []string{"DATABASE_URL=" + dsn, isProgram + "=1"}
}

func TestBenchWrite(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	page := filepath.Join(t.TempDir(), "report.html")
	code, stdout, stderr := command(t, benchEnviron(s.dsn), short("-o", "json", "--html", page, "--table", "narrow")...)
	if code != exitOK || stderr != "" {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	var report struct {
		Name, Command string
		Environment   struct{ PostgreSQL string }
		Tables        []struct {
			Key  string
			Rows []map[string]any
		}
		Bars  []struct{ Key, Verdict, Reason string }
		Notes []string
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatalf("%v in %s", err, stdout)
	}
	if want := "rowcast bench write --duration 20ms --output json --rounds 1 --rows 1000 --table narrow --writers 1,2"; report.Command != want {
		t.Errorf("the command is %q; want %q", report.Command, want)
	}
	if report.Name != "write" || report.Environment.PostgreSQL == "" || len(report.Tables) != 2 || len(report.Tables[0].Rows) != 6 || len(report.Bars) != 7 {
		t.Errorf("report %+v", report)
	}
	if !slices.ContainsFunc(report.Notes, func(note string) bool { return strings.Contains(note, "without DATABASE_URL") }) {
		t.Errorf("no note says where instructions are counted: %q", report.Notes)
	}
	html, err := os.ReadFile(page)
	if err != nil || !strings.Contains(string(html), "<svg") {
		t.Errorf("the page: %v, %.100s", err, html)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(page), ".*")); err != nil || len(left) > 0 {
		t.Errorf("beside the page there is %v, %v", left, err)
	}
	if left := strings.TrimSpace(pgtest.Psql(t, s.dsn, "-At", "-c", "select count(*) from pg_namespace where nspname = 'rowcast_bench'")); left != "0" {
		t.Error("the schema is left")
	}
}

// TestBenchWriteOnItsOwnDatabase takes what a newcomer gets, as text.
func TestBenchWriteOnItsOwnDatabase(t *testing.T) {
	t.Parallel()
	p := spawn(t, nil, "bench", "write", "--writers", "1", "--rounds", "1", "--duration", "20ms", "--rows", "0", "--instructions", "none")
	p.ends(t, exitOK)
	for _, want := range []string{"rowcast bench write: ", "fsync=on", "synchronous_commit=on", "Single-row transactions", "not applicable: 64 writers were not asked for"} {
		if !strings.Contains(p.stdout.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, p.stdout)
		}
	}
}

// TestBenchWriteCountsInstructions expects the figures where valgrind is
// installed, and elsewhere how to get it.
func TestBenchWriteCountsInstructions(t *testing.T) {
	t.Parallel()
	counted := "\n  delete "
	if _, err := exec.LookPath("valgrind"); err != nil {
		counted = "valgrind is not installed; get it"
	}
	code, stdout, stderr := command(t, []string{isProgram + "=1"},
		"bench", "write", "--writers", "1", "--rounds", "1", "--duration", "20ms", "--rows", "0", "--instructions", "delete")
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	for _, want := range []string{counted, "instructions added to delete", "Single-row transactions"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the report lacks %q:\n%s", want, stdout)
		}
	}
}

// TestBenchCheck decides by the bars alone, and reports whatever they say.
func TestBenchCheck(t *testing.T) {
	t.Parallel()
	met := bench.Judge("a", "a figure", 1, bench.AtLeast, 1, "x")
	missed := bench.Judge("b", "another figure", 3, bench.AtMost, 2, "x")
	for _, test := range []struct {
		bars  []bench.Bar
		check bool
		says  string
	}{
		{[]bench.Bar{met, missed}, true, "missed: another figure"},
		{[]bench.Bar{met, missed}, false, ""},
		{[]bench.Bar{met, missed.Waive("elsewhere")}, true, ""},
	} {
		var stdout bytes.Buffer
		out := output.Output{Format: "text", Check: test.check}
		err := out.Write(&stdout, &bench.Report{Bars: test.bars})
		if (err == nil) != (test.says == "") || err != nil && (err.Error() != test.says || exitCode(err) != exitFailure) {
			t.Errorf("--check=%v of %v: %v", test.check, test.bars, err)
		}
		if !strings.Contains(stdout.String(), "another figure") {
			t.Errorf("the report is not printed: %s", &stdout)
		}
	}
}

func TestBenchInterrupted(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	p := spawn(t, []string{"DATABASE_URL=" + s.dsn}, "bench", "write", "--writers", "2", "--duration", "1m")
	for pgtest.Psql(t, s.dsn, "-At", "-c", "select coalesce(to_regclass('rowcast_bench.orders_notify')::text, '')") == "\n" {
		select {
		case <-p.exited:
			t.Fatalf("it ended: %s", p.stderr)
		default:
		}
	}
	p.signal(t, syscall.SIGINT)
	p.ends(t, exitInterrupted)
	if got := pgtest.Psql(t, s.dsn, "-At", "-c", "select count(*) from pg_namespace where nspname = 'rowcast_bench'"); got != "0\n" {
		t.Errorf("the schema is left: %q", got)
	}
	if p.stdout.String() != "" {
		t.Errorf("it reports %s", p.stdout)
	}
}

func TestBenchMistakes(t *testing.T) {
	t.Parallel()
	empty := "DATABASE_URL=" + pgtest.Database(t)
	for _, test := range []struct {
		args, environ []string
		code          int
		says          string
	}{
		{[]string{"bench", "wirte"}, nil, exitUsage, `unknown command "wirte", did you mean "write"?`},
		{[]string{"bench", "write", "now"}, nil, exitUsage, `rowcast bench write takes no argument`},
		{[]string{"bench", "write", "--writers", "0"}, nil, exitUsage, `--writers is [0]`},
		{[]string{"bench", "write", "--writers", "many"}, nil, exitUsage, `--writers`},
		{[]string{"bench", "write", "--table", "wide"}, nil, exitUsage, `--table is "wide"; it is orders or narrow`},
		{[]string{"bench", "write", "--instructions", "merge"}, nil, exitUsage, `--instructions is "merge"; give some of insert,update,delete,upsert`},
		{[]string{"bench", "write", "-o", "xml"}, nil, exitUsage, `-o is "xml"; it is text or json`},
		{[]string{"bench", "write", "--html", "/nowhere/at/all.html"}, nil, exitUsage, `--html /nowhere/at/all.html cannot be written`},
		{[]string{"bench", "write"}, []string{empty}, exitFailure, `install it with: rowcast migrate`},
		{[]string{"bench", "write"}, []string{"DATABASE_URL=postgres://127.0.0.1:1/x?connect_timeout=1"}, exitFailure, `connect`},
	} {
		code, stdout, stderr := command(t, test.environ, test.args...)
		if code != test.code || !strings.Contains(stderr, test.says) || stdout != "" {
			t.Errorf("rowcast %v: exit %d, stdout %q, stderr %q; want %d and %q", test.args, code, stdout, stderr, test.code, test.says)
		}
	}
	if _, help, _ := command(t, nil, "bench", "-h"); strings.Contains(help, "worker") || !strings.Contains(help, "write") {
		t.Errorf("bench -h offers\n%s", help)
	}
}
