package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// limit bounds a program of js; it decides nothing but when to give up.
const limit = 5 * time.Minute

// browsers are the names of Chromium on the systems that we know.
var browsers = []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"}

func findChromium(t *testing.T) (path string) {
	t.Helper()
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatalf("there is none of %v in the PATH: these tests look at pages in Chromium (Debian: apt install chromium)", browsers)
	return ""
}

// report is a line of js/reporter.js: of a scenario that has ended, or a remark.
type report struct {
	Name     string
	Failed   bool
	Duration float64 // in milliseconds
	Text     string
}

// play runs a program of js and has a test of Go for each of its scenarios.
func (s *stage) play(t *testing.T, program string) {
	t.Helper()
	screenshots, err := filepath.Abs("screenshots")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "--test-force-exit", "--test-reporter=./js/reporter.js", "--test-reporter-destination=stdout", filepath.Join("js", program))
	cmd.Env = append(os.Environ(),
		"ROWCAST_URL=http://"+s.proxy.Address(),
		"ROWCAST_DSN="+s.demo.dsn,
		"ROWCAST_CONTROL="+s.control.URL,
		"ROWCAST_EXAMPLES="+s.examples.URL,
		"ROWCAST_SCREENSHOTS="+screenshots,
		"ROWCAST_CHROMIUM="+s.chromium,
		"NO_COLOR=1",
	)
	cmd.Stderr = os.Stderr
	// Chromium may live on for a moment when Node is killed.
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scenarios := follow(t, out)
	if err := cmd.Wait(); err != nil && !t.Failed() {
		t.Errorf("js/%s: %v", program, err)
	}
	if scenarios == 0 {
		t.Errorf("js/%s has no scenario", program)
	}
}

// follow reads reports until there are no more, and counts the scenarios.
func follow(t *testing.T, out io.Reader) (scenarios int) {
	t.Helper()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var r report
		switch err := json.Unmarshal(lines.Bytes(), &r); {
		case err != nil:
			t.Log(lines.Text())
		case r.Name == "":
			t.Log(r.Text)
		default:
			scenarios++
			t.Run(r.Name, func(t *testing.T) {
				t.Logf("took %.0f ms", r.Duration)
				if r.Failed {
					t.Error(r.Text)
				}
			})
		}
	}
	if err := lines.Err(); err != nil {
		t.Error(err)
	}
	return scenarios
}
