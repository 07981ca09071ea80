package stage

import (
	"fmt"
	"runtime"

	"github.com/prometheus/procfs"
)

// Busy is a note for the report if others use the machine at the same time:
// latencies are then theirs as well. It is empty if the machine is free or does
// not tell.
func Busy() string {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return ""
	}
	load, err := fs.LoadAvg()
	const free = 0.5 // of the cores
	if err != nil || load.Load1 <= free*float64(runtime.NumCPU()) {
		return ""
	}
	return fmt.Sprintf("The machine was busy before this run: load %.1f on %d cores. Ratios are to be trusted more than other figures.", load.Load1, runtime.NumCPU())
}
