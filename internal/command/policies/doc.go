// Package policies has the commands about who sees what: rowcast policy.
//
// # Overview
//
// [New] makes the group: apply, diff, show and test. Each reads the watched tables from
// the database, because a policy means nothing without them. What is stored, and how it
// comes into force, is in package store.
//
// # Guarantees
//
//   - apply stores nothing that is refused, and says for whom what changes (rowcast:
//     TestPolicyApply). diff says the same and changes nothing (rowcast: TestPolicyApply).
//   - All that is wrong with a file is named with its line, its path and a remedy
//     (rowcast: TestPolicyMistakesAreNamed).
//   - show prints the file that is in force as it was, and what is withheld because it is
//     newer (rowcast: TestPolicyShow).
//   - test shows what a token with some claims would see (rowcast: TestPolicyTest).
//   - The differences of two policies are what is different for each role
//     (TestDifferences).
//
// # Failures
//
// A policy that is refused has the code policy-refused.
package policies
