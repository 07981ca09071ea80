//go:build race

package servetest

// RaceDetector says that the tests run with it, and so do the servers.
const RaceDetector = true
