//go:build !race

package faults_test

// raceDetector: the tests run with it, and so do the replicas.
const raceDetector = false
