// Package program has what the commands of every program share.
//
// # Overview
//
// [Main] runs a tree of commands with the signals and the exit codes that people
// expect. A [Program] is what a command gets: its environment, where it writes and
// how it logs. [Progress] is a bar on a terminal.
//
// # Guarantees
//
//   - Every error ends with why, what to do and a code (rowcast:
//     TestErrorsAreExplained). What it is about decides the code (TestCodesOfCauses),
//     and an error that a command makes itself has one (command:
//     TestErrorsOfCommandsHaveCodes).
//   - A mistake of the caller ends with 2 and names what was wrong (rowcast:
//     TestMistakesAreNamed), an interrupt with 130 (rowcast:
//     TestCancellationIsNotReported).
//   - A bar writes to terminals alone (TestProgressIsSilent).
//
// # Failures
//
// Mistakes of the caller are marked by [Usage] or [errcode.Misuse].
package program
