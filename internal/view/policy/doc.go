// Package policy decides who sees what of a change: which rows, and which columns of
// them. It is pure: no I/O, no clock, no database.
//
// # Overview
//
// [Parse] reads the file of a policy. [Resolve] checks it against the watched tables when
// it is applied, and makes the form that is stored. It names the columns of each role.
// [Load] makes a [Policy] of that for the tables as they are now. A session's roles and
// claims make a [Viewer], which sessions share whose rules and values are the same. Its
// [Access] to a table decides a change, and [Columns] write down what is left of a row.
//
//	d, err := policy.Parse(file)
//	stored, err := policy.Resolve(d, tables)
//	p, err := policy.Load(stored, tables, counter)
//	v, err := p.Viewer(tenant, roles, claims)
//	decision := v.Table(id).Decide(&policy.Question{Op: change.Op, Before: &before, After: &after})
//
// Rules are bound to the id of a table, so it keeps them under another stem. A table
// without roles is everybody's. The stem presence is the table of those who are there.
//
// # Guarantees
//
//   - What a session gets of a change is what the contract says. Of what is withheld
//     neither a value nor a name is in it (TestDecideAgreesWithReference). A client's
//     filter sees rows as its session does.
//   - Each role decides for itself: a row shows the columns of those roles that admit
//     it (TestRoles).
//   - Of an update, what changed is named if both rows show the same columns, else the
//     key alone. One that changed only withheld columns does not come (TestDecide).
//   - An event that is derived comes to a viewer of all its rows and columns alone
//     (TestDecide, TestEvents).
//   - Columns that are added, renamed or replaced are withheld until the policy is applied
//     again, but from roles given as {}. What does not compile any more, nobody sees
//     (TestFailsClosed, TestStoredFormIsUnderstoodOrClosed).
//   - What is wrong with a policy is refused with its line and path, all of it at once
//     (TestRefusals). No input makes a panic (FuzzPolicy).
//   - A condition that fails hides the row, and is counted by table and role
//     (TestFailuresAreCounted).
//   - Rules follow a table that has another number, and hold for what took its place under
//     its name. Of a table that is gone, only a viewer of all else sees anything
//     (TestRebind).
//   - The tag of a viewer is of the rules that apply and the values that they use. There
//     is none for a viewer that sees everything (TestTag).
//   - A viewer keeps the claims that its rules use, of 4 KiB at most
//     (TestClaimsAreLimited). It has a successor under another policy as long as these
//     are enough (TestRenew).
//   - The members of a row are copied as clients get them, in their order
//     (TestAppendRowAgreesWithEncodingJSON).
//   - A policy and a viewer never change, and may be shared (TestViewerIsShared).
//   - A viewer of everything costs nothing, and a mask no allocation
//     (TestAllocations).
//
// # Failures
//
// Parse and Resolve return [Problems]. Load always returns a policy, which is closed
// where its error says so. Viewer returns [ErrLimit], Renew [ErrClaims] too.
package policy
