package e2e_test

import (
	"testing"

	"rowcast/internal/pgtest"
	"rowcast/internal/servetest"
)

func TestMain(m *testing.M) { servetest.Main(m) }

// Browsers need the machine for themselves, so none of these is parallel.

func TestScenarios(t *testing.T)   { newStage(t).play(t, "scenarios.js") }
func TestPsql(t *testing.T)        { newStage(t).play(t, "psql.js") }
func TestIsolation(t *testing.T)   { newStage(t).play(t, "isolation.js") }
func TestHostileText(t *testing.T) { newStage(t).play(t, "hostile.js") }
func TestLooks(t *testing.T)       { newStage(t).play(t, "looks.js") }
func TestStream(t *testing.T)      { newStage(t).play(t, "stream.js") }

func TestRestart(t *testing.T) {
	newStage(t, "--keep", pgtest.Dir(t)).play(t, "restart.js")
}

func TestExamples(t *testing.T) {
	newStage(t, "--keep", pgtest.Dir(t), "--rowcast-socketio-recovery", "on").play(t, "examples.js")
}
