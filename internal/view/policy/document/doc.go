// Package document reads the file of a policy, as people write it.
//
// # Overview
//
// [Parse] reads YAML, or JSON, which is YAML too. It knows the form of the file: tables,
// their roles and their events. It knows nothing of the database: whether there is such
// a table or column is asked when the policy is applied.
//
// # Guarantees
//
//   - What is not of the form is refused, with every line and path and what to do
//     (TestRefusals).
//   - The limits are 64 KiB, 64 tables, and of a table 32 roles and 32 events (TestLimits).
//   - No input makes a panic (policy: FuzzPolicy).
//
// # Failures
//
// Parse returns [Problems], which the author of the file has to mend.
package document
