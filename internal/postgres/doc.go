// Package postgres opens connections and installs what Rowcast needs in a
// database.
//
// # Overview
//
// [Open] makes a pool, [Connect] one connection, both with the settings that
// the program's queries rely on. [OpenPooled] and [Within] may lead through a
// transaction pooler and set them for each transaction. [Migrator] brings schema rowcast up to date:
// goose migrations for the tables, then the files of package triggers, which
// define functions and adopt the tables of the inventory schema.
//
// # Guarantees
//
//   - Two migrators at once take turns (TestTwoMigrators).
//   - Migrating again changes nothing (TestMigrateTwice).
//   - Down leaves the tables of the business as they were before
//     (TestDownLeavesBusinessTables).
//   - A migration, watch and unwatch wait for a table lock at most a quarter of a
//     second at a time. So writers queue no longer than that behind them, whatever
//     transaction is open (TestMigrateOnBusyTable, TestWritersPassMigrations,
//     TestMigrationsOfTheLogLetOthersPass), and for all partitions together
//     (TestPartitionsAreWaitedForTogether).
//   - A table that cannot be watched or repaired is named with the reason and
//     does not keep the migration from the others (TestAdoptsExistingTables,
//     TestSkipsWhatCannotBeWatched, TestMigrateRepairs).
//   - Where a publication would carry the log away it installs only if that is asked for
//     (rowcast: TestPublicationForAllTables).
//   - Every session sets what it depends on itself, whatever was set for the server,
//     the database or the role. So it does through a pooler that swallows settings
//     (TestSessionsSetWhatTheyNeed, TestMigrateUnderUnwantedSettings; rowcast:
//     TestServeUnderHostileSettings).
//   - What answers as a transaction pooler is refused, whether it rejects the settings
//     of a session or swallows them (rowcast: TestPoolerThatSwallowsSettings,
//     TestPoolerWithoutDirectConnectionIsNamed).
//   - An older program changes nothing in the schema of a newer one
//     (TestOlderMigrateIsRefused). Every role can ask how the schema differs from the
//     program (TestSchemaIsCompared; rowcast: TestRollingUpgrade,
//     TestServerReportsANewerSchema).
//   - In a database that came with a dump, whatever the dump left out, a new feed
//     watches what was watched, as it was. What cannot be known is asked for
//     (TestRestoredDatabases, TestDatabaseMadeFromTemplate,
//     TestRestoredDatabaseIsFoundBy, TestRenamedBeforeTheDump).
//   - Up follows Down, and Down leaves nothing (TestUpDownUp).
//
// # Failures
//
// Errors name the step. A database without schema rowcast gives
// [ErrNotMigrated], one with an older schema [ErrOutdated], one with a newer one
// [ErrNewer].
package postgres
