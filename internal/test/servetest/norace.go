//go:build !race

package servetest

// RaceDetector says that the tests run with it; they do not.
const RaceDetector = false
