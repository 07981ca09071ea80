package clients_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
)

// TestEmptyFolder does what the guide says from an empty folder to a live list of a table
// of one's own, as it is written there. The program is at most 12 lines, and the compiler
// refuses a column that there is not.
func TestEmptyFolder(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("npm takes a while")
	}
	guide, err := os.ReadFile("../../../cmd/rowcast/CLIENTS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(guide), "\n### From an empty folder to a live list\n")
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := regexp.MustCompile("(?s)```(?:sh|ts)\n(.*?)```").FindAllStringSubmatch(section, -1)
	if len(blocks) != 2 {
		t.Fatalf("the guide has %d blocks", len(blocks))
	}
	commands, source := strings.Split(strings.TrimSpace(blocks[0][1]), "\n"), blocks[1][1]
	if n := strings.Count(source, "\n"); n > 12 {
		t.Errorf("the program has %d lines", n)
	}

	e := pgtest.Migrated(t)
	server := servetest.Start(t, e.DSN)
	dir, bin := t.TempDir(), t.TempDir()
	if err := os.Symlink(servetest.Program(t, ""), filepath.Join(bin, "rowcast")); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "DATABASE_URL="+e.DSN, "FEED=http://"+server.Address(), "TOKEN="+servetest.Token(t, "acme"),
		"NO_COLOR=1", "CI=1", "npm_config_prefer_offline=true", "npm_config_audit=false", "npm_config_fund=false")
	run := func(script string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "sh", "-eu", "-c", script)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("list.mts", source)
	last := len(commands) - 1
	if out, err := run(strings.Join(commands[:last], "\n")); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	list := exec.CommandContext(t.Context(), "sh", "-eu", "-c", "exec "+commands[last])
	list.Dir, list.Env, list.Stderr = dir, env, t.Output()
	list.WaitDelay = 10 * time.Second
	out, err := list.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := list.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = list.Process.Kill(); _ = list.Wait() }) // it has no end of its own
	shown := bufio.NewScanner(out)
	shows := func(want string) {
		t.Helper()
		for shown.Scan() {
			if shown.Text() == want {
				return
			}
		}
		t.Fatalf("the list never is %s", want)
	}
	e.Exec(t, `insert into tasks values (1, 'acme', 'write'), (2, 'other', 'hide'), (3, 'acme', 'read')`)
	shows("[ 'write', 'read' ]")
	e.Exec(t, `update tasks set title = 'ship' where id = 1`, `delete from tasks where id = 3`)
	shows("[ 'ship' ]")

	write("list.mts", strings.ReplaceAll(source, "({ title }) => title", "({ titel }) => titel"))
	if out, err := run(commands[last-1]); err == nil || !strings.Contains(out, "titel") {
		t.Errorf("a column that there is not compiles: %v\n%s", err, out)
	}
}
