//go:build !linux || !(amd64 || arm64)

package devpg

func leftMemory(string) (id int, known bool) { return 0, false }

func freeMemory(int) {}
