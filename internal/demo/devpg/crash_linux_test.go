package devpg_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/demo/devpg/proc"
	"rowcast/internal/test/pgtest"
)

func TestKilledServerLeavesNothing(t *testing.T) {
	t.Parallel()
	pg := pgtest.Own(t, devpg.Options{NoTCP: true})
	id, known := devpg.LeftMemory(filepath.Join(pg.Dir(), "data"))
	if !known || !segments(t)[id] {
		t.Fatalf("segment %d of the running server is not listed (known %t)", id, known)
	}
	if err := pg.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := pg.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the shared memory is given back", func() bool { return !segments(t)[id] })
	if _, err := os.Stat(pg.Dir()); !os.IsNotExist(err) {
		t.Errorf("directory after Close: %v, want none", err)
	}
}

// A backend that computes does not notice the end of its postmaster, and
// PostgreSQL does not start while it holds the shared memory.
func TestRestartWaitsForOldProcesses(t *testing.T) {
	t.Parallel()
	pg := pgtest.Own(t, devpg.Options{NoTCP: true})
	busy, err := pgx.Connect(t.Context(), pg.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		_, err := busy.Exec(t.Context(), "do $$ begin for i in 1..60000000 loop null; end loop; end $$")
		ended <- err
	}()
	t.Cleanup(func() { <-ended })
	eventually(t, "the backend computes", func() bool {
		return query(t, pg.DSN("postgres"), "select count(*)::text from pg_stat_activity where state = 'active' and query like 'do $$%'") == "1"
	})
	if err := pg.Kill(); err != nil {
		t.Fatal(err)
	}
	if !anybodyIn(t, filepath.Join(pg.Dir(), "data")) {
		t.Fatal("no process outlived the postmaster")
	}
	if err := pg.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := query(t, pg.DSN("postgres"), "select 'here'"); got != "here" {
		t.Errorf("answer is %q", got)
	}
}

// A Ctrl-C in the terminal goes to our process group; the server is not in it.
func TestServerHasItsOwnProcessGroup(t *testing.T) {
	t.Parallel()
	pg := pgtest.Own(t, devpg.Options{NoTCP: true})
	group, err := syscall.Getpgid(pg.PID())
	if err != nil || group != pg.PID() {
		t.Errorf("process group of postgres %d is %d, %v", pg.PID(), group, err)
	}
}

// segments lists the System V shared memory of the machine.
func segments(t *testing.T) map[int]bool {
	t.Helper()
	text, err := os.ReadFile("/proc/sysvipc/shm")
	if err != nil {
		t.Fatal(err)
	}
	ids := map[int]bool{}
	for line := range strings.SplitSeq(string(text), "\n") {
		if f := strings.Fields(line); len(f) > 1 {
			if id, err := strconv.Atoi(f[1]); err == nil {
				ids[id] = true
			}
		}
	}
	return ids
}

// A process that dies without a chance to clean up takes its server along.
func TestServerDiesWithItsProcess(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{"temporary": "temporary", "kept": filepath.Join(pgtest.Dir(t), "data")} {
		t.Run(name, func(t *testing.T) {
			process, l := launch(t, dir)
			data := filepath.Join(l.Dir, "data")
			if err := try(t, l.DSN, "create table survivor as select 7 as n"); err != nil {
				t.Fatal(err)
			}
			if !anybodyIn(t, data) {
				t.Fatal("no process works in the data directory of a living server")
			}
			if err := process.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = process.Wait()
			if dir != "temporary" {
				// At once: it waits for the old server to end.
				next := pgtest.Own(t, devpg.Options{Dir: dir, NoTCP: true})
				if got := query(t, next.DSN("postgres"), "select n::text from survivor"); got != "7" {
					t.Errorf("row is %s, want 7", got)
				}
				return
			}
			eventually(t, "every process of the server has ended", func() bool { return !anybodyIn(t, data) })
			later := pgtest.Own(t, devpg.Options{NoTCP: true, TempDir: filepath.Dir(l.Dir)})
			if later.PID() == l.PID {
				t.Errorf("the later server is the old one, pid %d", l.PID)
			}
			if _, err := os.Stat(l.Dir); !os.IsNotExist(err) {
				t.Errorf("directory after a later start: %v, want none", err)
			}
		})
	}
}

func anybodyIn(t *testing.T, data string) bool {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && proc.RunsIn(pid, data) {
			return true
		}
	}
	return false
}

// The kernel ties the server to a thread; that thread must not be the one that
// happened to call Start.
func TestServerOutlivesTheCallersThread(t *testing.T) {
	t.Parallel()
	var pg *devpg.Server
	var err error
	thread := make(chan int)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		pg, err = devpg.Start(t.Context(), devpg.Options{NoTCP: true})
		thread <- syscall.Gettid()
	}()
	tid := <-thread
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := pg.Close(); err != nil {
			t.Error(err)
		}
	}()
	if tid != os.Getpid() { // the main thread never ends
		eventually(t, "the thread has ended", func() bool {
			_, err := os.Stat(filepath.Join("/proc/self/task", strconv.Itoa(tid)))
			return os.IsNotExist(err)
		})
	}
	if got := query(t, pg.DSN("postgres"), "select 'alive'"); got != "alive" || pg.Err() != nil {
		t.Errorf("answer is %q, Err %v", got, pg.Err())
	}
}
