//go:build race

package servetest

// RaceDetector: the tests run with it, and so do the servers.
const RaceDetector = true
