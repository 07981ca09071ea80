//go:build !race

package servetest

// raceDetector: the tests run without it, and so do the servers.
const raceDetector = false
