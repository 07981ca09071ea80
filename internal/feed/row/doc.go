// Package row reads a row of a table from its JSON text, without copying it.
//
// # Overview
//
// [Scan] finds the top-level fields of a JSON object. A [Row] gives their names and
// values as they stand in the text. Numbers are compared exactly, see [CompareNumbers].
//
// # Guarantees
//
//   - Every object that encoding/json reads is read alike (TestScanAgreesWithEncodingJSON).
//   - A top-level number that a double cannot hold becomes a string with every digit;
//     everything else passes byte by byte (TestNumbers, TestFitsAgreesWithRationals,
//     TestRowPassesVerbatim).
//   - Numbers of any length are compared exactly (TestCompareNumbersAgreesWithRationals).
//
// # Failures
//
// Text that is no JSON object gives a row that is not OK.
package row
