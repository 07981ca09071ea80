//go:build race

package servetest

// raceDetector: the tests run with it, and so do the servers.
const raceDetector = true
