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

	report "rowcast/internal/bench"
	"rowcast/internal/command/program"
	"rowcast/internal/errcode"
	"rowcast/internal/test/pgtest"
)

// short are the flags of a run that is about nothing but itself.
func short(more ...string) []string {
	return append([]string{"write", "--writers", "1,2", "--rounds", "1", "--duration", "20ms", "--rows", "1000"}, more...)
}

func TestBenchWrite(t *testing.T) {
	t.Parallel()
	s := pgtest.Migrated(t)
	dir := t.TempDir()
	code, stdout, stderr := runs(t, environ(s), short("-o", "json", "--plots", dir, "--table", "narrow")...)
	if code != program.ExitOK || stderr != "" {
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
	if want := "rowcast-bench write --duration 20ms --output json --rounds 1 --rows 1000 --table narrow --writers 1,2"; report.Command != want {
		t.Errorf("the command is %q; want %q", report.Command, want)
	}
	if report.Name != "write" || report.Environment.PostgreSQL == "" || len(report.Tables) != 2 || len(report.Tables[0].Rows) != 6 || len(report.Bars) != 7 {
		t.Errorf("report %+v", report)
	}
	if !slices.ContainsFunc(report.Notes, func(note string) bool { return strings.Contains(note, "without DATABASE_URL") }) {
		t.Errorf("no note says where instructions are counted: %q", report.Notes)
	}
	for _, name := range []string{"write-transactions-transactionsPerSecond.svg", "write-transactions-serverCpuMicrosecondsPerRow.svg", "write-copy-serverCpuMicrosecondsPerRow.svg"} {
		if picture, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(picture), "<svg") {
			t.Errorf("the picture %s: %v, %.100s", name, err, picture)
		}
	}
	if left := strings.TrimSpace(pgtest.Psql(t, s.DSN, "-At", "-c", "select count(*) from pg_namespace where nspname = 'rowcast_bench'")); left != "0" {
		t.Error("the schema is left")
	}
}

// TestBenchWriteOnItsOwnDatabase takes what a newcomer gets, as text.
func TestBenchWriteOnItsOwnDatabase(t *testing.T) {
	t.Parallel()
	p := spawn(t, nil, "write", "--writers", "1", "--rounds", "1", "--duration", "20ms", "--rows", "0", "--instructions", "none")
	p.Ends(t, program.ExitOK)
	for _, want := range []string{"rowcast-bench write: ", "fsync=on", "synchronous_commit=on", "Single-row transactions", "not applicable: 64 writers were not asked for"} {
		if !strings.Contains(p.Out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, &p.Out)
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
	code, stdout, stderr := runs(t, []string{isProgram + "=1"},
		"write", "--writers", "1", "--rounds", "1", "--duration", "20ms", "--rows", "0", "--instructions", "delete")
	if code != program.ExitOK {
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
	met := report.Judge("a", "a figure", 1, report.AtLeast, 1, "x")
	missed := report.Judge("b", "another figure", 3, report.AtMost, 2, "x")
	for _, test := range []struct {
		bars  []report.Bar
		check bool
		says  string
	}{
		{[]report.Bar{met, missed}, true, "missed: another figure"},
		{[]report.Bar{met, missed}, false, ""},
		{[]report.Bar{met, missed.Waive("elsewhere")}, true, ""},
	} {
		var stdout bytes.Buffer
		out := output{format: "text", strict: test.check}
		err := out.write(&stdout, &report.Report{Bars: test.bars})
		if (err == nil) != (test.says == "") || err != nil && (err.Error() != test.says || errcode.IsMisuse(err)) {
			t.Errorf("--check=%v of %v: %v", test.check, test.bars, err)
		}
		if !strings.Contains(stdout.String(), "another figure") {
			t.Errorf("the report is not printed: %s", &stdout)
		}
	}
}

func TestBenchInterrupted(t *testing.T) {
	t.Parallel()
	s := pgtest.Migrated(t)
	p := spawn(t, []string{"DATABASE_URL=" + s.DSN}, "write", "--writers", "2", "--duration", "1m")
	for pgtest.Psql(t, s.DSN, "-At", "-c", "select coalesce(to_regclass('rowcast_bench.orders_notify')::text, '')") == "\n" {
		select {
		case <-p.Exited:
			t.Fatalf("it ended: %s", &p.Err)
		default:
		}
	}
	p.Signal(t, syscall.SIGINT)
	p.Ends(t, program.ExitInterrupted)
	if got := pgtest.Psql(t, s.DSN, "-At", "-c", "select count(*) from pg_namespace where nspname = 'rowcast_bench'"); got != "0\n" {
		t.Errorf("the schema is left: %q", got)
	}
	if p.Out.String() != "" {
		t.Errorf("it reports %s", &p.Out)
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
		{[]string{"wirte"}, nil, program.ExitUsage, `unknown command "wirte", did you mean "write"?`},
		{[]string{"write", "now"}, nil, program.ExitUsage, `rowcast-bench write takes no argument`},
		{[]string{"write", "--writers", "0"}, nil, program.ExitUsage, `--writers is [0]`},
		{[]string{"write", "--writers", "many"}, nil, program.ExitUsage, `--writers`},
		{[]string{"write", "--table", "wide"}, nil, program.ExitUsage, `--table is "wide"; give orders or narrow`},
		{[]string{"write", "--instructions", "merge"}, nil, program.ExitUsage, `--instructions is "merge"; give insert or update or delete or upsert`},
		{[]string{"write", "-o", "xml"}, nil, program.ExitUsage, `--output is "xml"; give text or json`},
		{[]string{"write", "--plots", "/nowhere/at/all"}, nil, program.ExitUsage, `--plots is "/nowhere/at/all", which is no directory`},
		{[]string{"write"}, []string{empty}, program.ExitFailure, `install it with: rowcast migrate`},
		{[]string{"write"}, []string{"DATABASE_URL=postgres://127.0.0.1:1/x?connect_timeout=1"}, program.ExitFailure, `connect`},
	} {
		code, stdout, stderr := runs(t, test.environ, test.args...)
		if code != test.code || !strings.Contains(stderr, test.says) || stdout != "" {
			t.Errorf("rowcast %v: exit %d, stdout %q, stderr %q; want %d and %q", test.args, code, stdout, stderr, test.code, test.says)
		}
	}
	if _, help, _ := runs(t, nil, "-h"); strings.Contains(help, "worker") || !strings.Contains(help, "write") {
		t.Errorf("bench -h offers\n%s", help)
	}
}
