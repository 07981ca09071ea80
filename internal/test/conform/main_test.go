package conform_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"rowcast/internal/test/servetest"
)

func TestMain(m *testing.M) {
	// The tests wait most of the time. The command line may say otherwise.
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	servetest.Main(m)
}
