package e2e_test

import (
	"testing"

	"rowcast/internal/test/pgtest"
	"rowcast/internal/test/servetest"
)

func TestMain(m *testing.M) { servetest.Main(m) }

// TestStream measures, so it has the machine for itself.
func TestStream(t *testing.T) { newStage(t).play(t, "stream.js") }

func TestScenarios(t *testing.T)   { beside(t, "scenarios.js") }
func TestPsql(t *testing.T)        { beside(t, "psql.js") }
func TestIsolation(t *testing.T)   { beside(t, "isolation.js") }
func TestHostileText(t *testing.T) { beside(t, "hostile.js") }
func TestParts(t *testing.T)       { beside(t, "parts.js") }
func TestWhere(t *testing.T)       { beside(t, "where.js") }
func TestPicker(t *testing.T)      { beside(t, "picker.js") }
func TestPicture(t *testing.T)     { beside(t, "picture.js") }
func TestLooks(t *testing.T)       { beside(t, "looks.js") }
func TestRestart(t *testing.T)     { beside(t, "restart.js", "--keep", pgtest.Dir(t)) }
func TestExamples(t *testing.T) {
	beside(t, "examples.js", "--keep", pgtest.Dir(t), "--rowcast-socketio-recovery", "on")
}

// beside runs a program beside others, on a demo of its own with more arguments:
// they wait most of the time.
func beside(t *testing.T, program string, args ...string) {
	t.Helper()
	t.Parallel()
	newStage(t, args...).play(t, program)
}
