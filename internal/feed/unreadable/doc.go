// Package unreadable is the one way past a change that cannot be read.
//
// # Overview
//
// Whatever reads changes asks a [Log] to make their events ([Log.Events]) and frames
// ([Log.Frame]). If that fails, the change or the event is sent without its row, at
// its place (feed.Change.Without), and everything goes on. The log counts such
// changes by reason, keeps the newest, and says each to the operators.
//
// # Guarantees
//
//   - Whatever a mapping or an encoder does with one change, the events and frames of
//     others are theirs. Only those of that change may be missing (TestEventsOfOthers,
//     TestFramesOfOthers).
//   - Each change is counted and logged once, however often it is sent; memory has a
//     bound, and so have the lines of the log (TestEachChangeIsReportedOnce, TestReportsAreBounded).
//   - What is said holds nothing of a row (TestNothingOfTheRow).
//   - The way of a change that can be read costs no memory (TestGuardsCostNoMemory).
//
// # Failures
//
// An event whose substitute cannot be encoded either leaves without a frame: its
// client sees a hole, which progress closes.
package unreadable
