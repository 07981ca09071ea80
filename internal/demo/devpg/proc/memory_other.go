//go:build !linux || !(amd64 || arm64)

package proc

// FreeMemory does nothing: the system clears its memory at the next boot.
func FreeMemory(int) {}
