// Package triggers holds the current state of the SQL that captures and seals
// changes. Unlike a migration a file here is edited in place: everything is
// "create or replace" and is applied whole after each migration.
//
// # Overview
//
// Capture:
//
//   - statement.sql numbers the statements and notifies readers.
//   - image.sql writes rows down.
//   - order.sql puts a statement in order among those that were captured while it
//     was open.
//   - capture.sql and replicated.sql are what the triggers of a watched table call.
//   - named.sql makes capture functions for a table that is not captured as a whole.
//   - known.sql defines by what triggers know their table.
//
// What is installed:
//
//   - watch.sql installs the triggers, and lock.sql bounds how long that waits for
//     writers.
//   - inherit.sql names what inheritance leaves out. readable.sql opens a table, so that
//     servers read its rows for clients that begin.
//   - drift.sql defines which triggers there have to be, and finds those that are
//     missing. installed.sql finds what else is not as migrate made it.
//   - rights.sql, the last, grants and revokes.
//
// The log:
//
//   - seal.sql gives the changes their order, queue.sql those of large transactions.
//   - history.sql finds log rows, prune.sql forgets old ones.
//   - identity.sql recognizes a log that belongs to another database.
//   - revocation.sql revokes tokens. view.sql has the version of the rules, and the policy
//     that says which roles see what. snapshot.sql gives a transaction the cursor of its
//     snapshot.
//   - pause.sql, replay.sql and verify.sql are for operators.
//
// The other files adopt one table of the inventory schema each.
//
// # Guarantees
//
//   - Each committed change of a row with a tenant is in the log once, whatever
//     statement made it. One that was rolled back or changed nothing is not
//     (TestStatements, TestMerge, TestCopy, TestCascades, TestPartitions,
//     TestReplicaRoleIsCapturedOnce).
//   - A value is in the log exactly as it is in the row, whatever the session
//     of the writer is set to (TestOddValues, TestLastDigitCounts,
//     TestSettingsAreReported).
//   - A statement that succeeds without capture succeeds with it, with the same
//     result, whatever the table, the session and the rights are. And the feed is
//     what the table is, or it is said that something is lost. What is refused is
//     named under Failures (TestWritersPromise, which also shows that it finds
//     faults).
//   - Serializable transactions that do not meet without capture do not meet with it
//     (TestSerializableWritersDoNotFail).
//   - A generated column whose value PostgreSQL does not show is left out, and is no
//     tenant (TestVirtualColumnsAreLeftOut, TestGeneratedColumnsOfPartitions).
//   - Of an update of wide rows, what the update left as it was is in the log once
//     (TestOldRowsLackWhatIsInTheNew, BenchmarkWideColumn).
//   - No statement fails because its rows are many or large
//     (TestLargeRowsInOneStatement, TestLargeDocument, TestChunks).
//   - A tenant sees no value of another's, also of a row that moved between them
//     (TestStatements). Excluded columns are nowhere in the log, also when they are
//     renamed (TestExcludedColumns, TestExcludedColumnRenamed). They are not read,
//     except by a writer in a role of replica (TestExcludedColumnIsNotRead,
//     BenchmarkWideColumn).
//   - Within a transaction the changes of a tenant come in the order in which the rows
//     were changed, whatever led from one statement to another. A reader that follows
//     them has what the table has. Cause comes before effect
//     (TestOrderWithinATransaction, TestEveryWayOneStatementLeadsToAnother,
//     TestNestedWritesFollowTheirCause). Where the table cannot be looked into, and
//     time does not show it, clients have to read it again (TestUnorderedIsReported).
//   - Tenants are distinct by the bytes of their text, whatever the type and
//     collation of the column (TestTenantsAreDistinguishedByBytes).
//   - What a server executes grows with what there is to do and not faster, over its
//     own connection (TestFunctionsAreLinear). A seal does not look at rows of open
//     transactions (TestOpenTransactionCostsNothing). A large transaction holds up its
//     own tenants alone (TestOthersPassByALargeTransaction,
//     TestLargeTransactionIsSentLikeASmallOne, TestQueueOutlivesItsSealer). How long
//     does not grow with its size (TestLargeTransactionNotesItsTenants,
//     TestExactlyTheTouchedTenantsAreNoted).
//   - Positions follow the commits: dense within the tenant, no change is lost
//     behind an open transaction, none waits for one, and the order never
//     contradicts a row lock (TestSealFollowsCommits,
//     TestSealDoesNotPassTheNewestTransaction, TestSealOrdersByLastChange,
//     TestSealUnderConcurrency).
//   - A writer who finds the reader awake is waited for, one who does not notifies it
//     (TestSleeperWaitsForSilentWriters, TestNotifications).
//   - Writers need no right on schema rowcast and get none, whatever is revoked
//     (TestWriterWithoutAnyRight). What each kind of role may do with each table,
//     sequence and function is in one table (TestRights, TestRightsAreRefused). Serving
//     needs no more than the service role has (rowcast: TestServeWithLeastPrivileges).
//   - No code that the owner of a watched table can write runs with rights beyond his,
//     whatever role migrates: casts, output, domains, functions in indexes and
//     statistics, functions and operators in public. Capture belongs to a role without
//     login that may only append, where such a role can be made
//     (TestOwnerOfATableGetsNoRights). The next migration mends what an earlier one
//     left (TestMigrationMendsWhomCaptureRunsAs). To put statements in order a table is
//     looked into as its owner (TestTableIsLookedIntoAsItsOwner). verify is the
//     exception that any query is: to plan it runs the functions of a table's indexes,
//     as its caller.
//   - What a column shows does not depend on the session, money and names of things
//     included (TestValuesThatASessionShowsItsWay). Virtual columns are left out,
//     and are no tenant (TestVirtualColumnsAreLeftOut).
//   - Columns may be added, dropped, renamed and retyped at any time
//     (TestDefinitionChangesWhileWatching, TestTenantColumnReplaced). That also
//     holds where the capture functions of a table name its columns. They are made,
//     kept up and dropped with its triggers (TestColumnsChangeUnderTheirCapture,
//     TestTypeGrowsUnderItsCapture, TestOwnCaptureFunctions).
//   - Pruning never takes what is not sealed (TestPrune, TestRotate), nothing falls
//     between two segments of the log (TestRotateUnderLoad). From the end of the
//     retention on the log does not grow (TestMonthStaysWithinBound).
//   - A log is sealed only in the database it belongs to (TestForeignLogIsReported). A
//     new feed loses no change that is committed after it has begun (TestNewFeed).
//   - A trigger that is missing or disabled is found, also on a partition, and repaired
//     (TestRowTriggersOfPartitionsFollow; health: TestDriftIsFoundAndRepaired).
//   - In every combination of the states of triggers each change comes at most
//     once, whatever the triggers are named. Drift says whether some are missed,
//     and which (TestTriggerStates, TestDisabledAndEnabledAgain,
//     TestRenamedTrigger, TestSecondTriggerIsReported).
//   - In a database that was restored from a dump writers are captured by what their
//     triggers know, before anybody has migrated it. No look-up fails them, and excluded
//     columns stay so (postgres: TestRestoredDatabases, TestRenamedBeforeTheDump).
//   - A name that comes to mean another table is drift, and migrate follows it
//     (postgres: TestNamesThatMeanAnotherTable). A partition that was detached is silent
//     (TestDetachedPartitionIsSilent).
//   - A watched table can be attached to another: it is captured as part of that from
//     the next migration on, and drift says so until then
//     (TestWatchedTableBecomesAPartition). What a table that inherits leaves out is
//     said, and what would make writers fail is refused (TestInheritanceIsReported,
//     TestForeignTableThatInherits).
//   - What takes the place of something that was installed is found, with what repairs
//     it (postgres: TestAlterationsAreFoundAndRepaired).
//   - A session that has paused is not captured and is on record, until it resumes
//     or ends (TestPauseSilencesItsSession, TestPauseEnds, TestPauseIsRecorded). A
//     setting made by hand silences nothing (TestSettingAloneSilencesNothing); only
//     roles that were granted it pause, and get no other right by that
//     (TestOnlyGrantedRolesPause). A session that does not pause pays for one look
//     at a setting (BenchmarkPauseCheck).
//   - A replay appends the rows of a range as they were, at new positions, within
//     its bounds, and is on record (TestReplayAppendsTheRange,
//     TestReplayIsBounded, TestReplayNotifies).
//   - verify finds every row that differs from what the log says of it, and none
//     else, also beside writers. Of rows that the log does not know it says so
//     (TestVerifyAgrees, TestVerifyNamesTheDifferences, TestVerifyKnowsItsLimits,
//     TestVerifyBesideWriters).
//   - The rows of a snapshot, with the events after its cursor that it does not show, are
//     the table (changelog: TestCursorOfASnapshot). Where that would not hold there is no
//     cursor (TestCursorRefuses, TestBase36).
//   - A table that is opened gives the service roles what is not excluded, and nothing
//     else (TestReadable). It is not opened past row security that no policy stands for
//     (TestReadableIsRefused).
//   - A function that is no longer used goes (TestUnusedFunctionIsDropped).
//
// # Failures
//
// watch refuses with a message and a hint (TestWatchRefuses). A write to a
// watched table whose tenant column was dropped is refused, since its change
// would reach nobody (TestTenantColumnReplaced). PREPARE TRANSACTION is refused
// by PostgreSQL if the transaction has used NOTIFY (TestPreparedTransaction).
package triggers
