package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rowcast/internal/command/program"
	"rowcast/internal/test/pgtest"
)

// benchReport is what the tests look at of a report as JSON.
type benchReport struct {
	Tables []struct {
		Key  string
		Rows []map[string]any
	}
}

// rows are those of a table.
func (r benchReport) rows(t *testing.T, key string) []map[string]any {
	t.Helper()
	for _, table := range r.Tables {
		if table.Key == key && len(table.Rows) > 0 {
			return table.Rows
		}
	}
	t.Fatalf("no table %s in %+v", key, r)
	return nil
}

// measured runs a benchmark and reads its report.
func measured(t *testing.T, s *pgtest.Env, args ...string) (r benchReport) {
	t.Helper()
	code, stdout, stderr := runs(t, environ(s), append(args, "-o", "json")...)
	if code != program.ExitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	nothingLeft(t, s)
	return r
}

// leftovers counts the schemas of benchmarks and what is watched of them.
func leftovers(t *testing.T, s *pgtest.Env) int {
	t.Helper()
	const query = `select (select count(*) from pg_namespace n where n.nspname like 'rowcast\_bench%')
		+ (select count(*) from rowcast.watched w where w.active and w.name = 'measured')`
	return pgtest.Query[int](t, s.Conn, query)
}

func nothingLeft(t *testing.T, s *pgtest.Env) {
	t.Helper()
	if n := leftovers(t, s); n != 0 {
		t.Errorf("%d schemas or watched tables are left behind", n)
	}
}

func figure(t *testing.T, row map[string]any, key string) float64 {
	t.Helper()
	f, ok := row[key].(float64)
	if !ok {
		t.Fatalf("%s is %v in %v", key, row[key], row)
	}
	return f
}

func TestEveryRowArrives(t *testing.T) {
	t.Parallel()
	s := pgtest.Migrated(t)
	r := measured(t, s, "latency", "--rate", "100", "--duration", "1s", "--blocks", "2", "--idle", "0")
	for _, table := range []string{"fromIntendedCommit"} {
		rows := r.rows(t, table)
		if len(rows) != 2 {
			t.Fatalf("table %s: %v", table, rows)
		}
		for _, row := range rows {
			if figure(t, row, "rows") != 100 || figure(t, row, "p50Milliseconds") > figure(t, row, "maxMilliseconds") {
				t.Errorf("%s: %v", table, row)
			}
		}
	}
}

func TestChangesArrive(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"paced", "burst"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := pgtest.Migrated(t)
			r := measured(t, s, "fanout", "--mode", mode, "--clients", "10", "--rate", "40", "--burst", "1100",
				"--duration", "1s", "--rounds", "1", "--idle-connections", "300")
			for _, row := range r.rows(t, "deliveries") {
				n := figure(t, row, "deliveries")
				if mode == "paced" && n != 40*10 || mode == "burst" && n < 50*10 || figure(t, row, "cpuMicrosecondsPerDelivery") <= 0 {
					t.Errorf("%v", row)
				}
			}
			row := r.rows(t, "idleConnections")[0]
			if figure(t, row, "connections") != 300 || figure(t, row, "rssKilobytesPerConnection") <= 0 {
				t.Errorf("%v", row)
			}
		})
	}
}

// TestInterruptedBenchmarkLeavesNothing interrupts once the schema is there.
func TestInterruptedBenchmarkLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"latency", "--duration", "60s"}, {"write", "--duration", "60s"}} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			s := pgtest.Migrated(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan int, 1)
			var stdout, stderr bytes.Buffer
			go func() { ended <- run(ctx, args, environ(s), &stdout, &stderr) }()
			for deadline := time.Now().Add(timeout); leftovers(t, s) < 2; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the tables do not appear")
				}
			}
			cancel()
			select {
			case code := <-ended:
				if code != program.ExitInterrupted {
					t.Errorf("exit %d: %s", code, stderr.String())
				}
			case <-time.After(timeout):
				t.Fatal("the benchmark runs on")
			}
			nothingLeft(t, s)
			if stdout.Len() > 0 {
				t.Errorf("a report of half a run: %s", stdout.String())
			}
		})
	}
}

func TestBenchmarkMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"--rate is 0":                    {"latency", "--rate", "0"},
		"--blocks is 0":                  {"latency", "--blocks", "0"},
		"--writers is 0":                 {"latency", "--writers", "0"},
		"--duration is -1s":              {"latency", "--duration", "-1s"},
		"--idle is -1s":                  {"latency", "--idle", "-1s"},
		"--rate is NaN":                  {"latency", "--rate", "nan"},
		"give 1ms to 1h0m0s":             {"latency", "--duration", "2h"},
		"--blocks is 101":                {"latency", "--blocks", "101"},
		"--rate is NaN; give":            {"fanout", "--rate", "NaN"},
		"is no directory":                {"fanout", "--plots", "main.go"},
		`--clients is "1e3"; give a w`:   {"fanout", "--clients", "1e3"},
		`--rate is "ten"; give a number`: {"latency", "--rate", "ten"},
		`--duration is "3"; give a time`: {"latency", "--duration", "3"},
		`--writers is "1;2"; give whole`: {"write", "--writers", "1;2"},
		`--mode is "calm"`:               {"fanout", "--mode", "calm"},
		"--clients is 0":                 {"fanout", "--clients", "0"},
		"--burst is 5000":                {"fanout", "--burst", "5000"},
		"--idle-connections is -1":       {"fanout", "--idle-connections", "-1"},
		"--output is \"xml\"":            {"fanout", "-o", "xml"},
		"--rounds is 0":                  {"fanout", "--rounds", "0"},
		"--rate is -2":                   {"fanout", "--rate", "-2"},
		"takes no argument, but got \"x": {"latency", "x"},
	} {
		if code, _, stderr := runs(t, nil, args...); code != program.ExitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit %d, %s; want %s", args, code, stderr, want)
		}
	}
}
