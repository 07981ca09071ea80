package devpg_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"rowcast/internal/demo/devpg"
	"rowcast/internal/test/pgtest"
)

// A crash leaves postmaster.pid, and after a reboot its number may belong to
// anybody.
func TestStalePIDFile(t *testing.T) {
	t.Parallel()
	dir := pgtest.Dir(t)
	pg := pgtest.Own(t, devpg.Options{Dir: dir, NoTCP: true})
	note := filepath.Join(dir, "data", "postmaster.pid")
	text, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	if err := pg.Close(); err != nil {
		t.Fatal(err)
	}
	other := exec.CommandContext(t.Context(), "sleep", "600")
	beTheServersUser(t, other, filepath.Join(dir, "data"))
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = other.Process.Kill(), other.Wait() })
	_, rest, _ := strings.Cut(string(text), "\n")
	if err := os.WriteFile(note, []byte(strconv.Itoa(other.Process.Pid)+"\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	again := pgtest.Own(t, devpg.Options{Dir: dir, NoTCP: true})
	if got := query(t, again.DSN("postgres"), "select 'here'"); got != "here" {
		t.Errorf("answer is %q", got)
	}
}

// beTheServersUser has cmd run as the owner of the server's data.
func beTheServersUser(t *testing.T, cmd *exec.Cmd, data string) {
	t.Helper()
	info, err := os.Stat(data)
	if err != nil {
		t.Fatal(err)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: st.Uid, Gid: st.Gid}}
	}
}
