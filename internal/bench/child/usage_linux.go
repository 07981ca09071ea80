package child

import (
	"fmt"
	"os"
)

// residentBytes is the resident memory of this process.
func residentBytes() (int64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("read the size of the process: %w", err)
	}
	var total, resident int64
	if _, err := fmt.Sscan(string(text), &total, &resident); err != nil {
		return 0, fmt.Errorf("read the size of the process from %q: %w", text, err)
	}
	return resident * int64(os.Getpagesize()), nil
}
