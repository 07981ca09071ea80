package program_test

import (
	"bytes"
	"io"
	"os"
	"testing"

	"rowcast/internal/command/program"
)

func TestProgressIsSilent(t *testing.T) {
	t.Parallel()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, w := range []io.Writer{&b, write} {
		p := program.NewProgress(w, w, "text", 3)
		p.Doing("something")
		p.Step()
		p.Close()
	}
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	piped, err := io.ReadAll(read)
	if err != nil || len(piped) > 0 || b.Len() > 0 {
		t.Errorf("a pipe got %q, %v; a buffer %q", piped, err, &b)
	}
	_ = read.Close()
}
