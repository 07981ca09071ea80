//go:build !race

package servetest

// RaceDetector: the tests run without it, and so do the servers.
const RaceDetector = false
