// Package sql holds the queries that the program uses, and beside them the psql
// scripts for operators.
//
// # Overview
//
// [Queries] of the program are one statement each, with parameters as $1, and are
// of no use in psql. [Scripts] are for psql:
//
//	psql -X -f sql/attach.sql -v table=public.invoices
//
// The head of each says what it does, its variables, an example, and how to undo
// it. Those that belong to one session are given to one psql, in their order:
//
//	psql -X -v reason='import of May' -f sql/pause.sql -f import.sql -f sql/resume.sql
//
// # Guarantees
//
//   - Every file is one or the other, and the table of the operators' guide lists the
//     scripts with what their heads say (TestFilesAreQueriesOrScripts,
//     TestGuideListsTheScripts).
//   - A script does what it says, also the second time, and what its head says
//     undoes it (TestAttachAndDetach, TestPauseAndResume, TestReplay, TestPrune,
//     TestImport, TestSimulateLoad, TestVerify, TestLooking, TestPolicy).
//   - A variable that is missing or wrong ends psql with status 3 and one line
//     that says what to give, before anything is done (TestRefusals).
//   - No script depends on the search_path (every test runs without one). One that
//     needs a table for itself waits for it as long as lock_timeout says
//     (TestAttachWaitsForALimitedTime).
//   - What is replayed reaches the clients as <name>:replayed at new positions, and a
//     client that was away receives it like any other change (rowcast:
//     TestReplayReachesClients).
package sql

import "embed"

// Queries of the program. Each file says what it returns.
var (
	//go:embed start.sql
	Start string
	//go:embed sealed_after.sql
	SealedAfter string
	//go:embed history_after.sql
	HistoryAfter string
	//go:embed log_rows.sql
	LogRows string
	//go:embed log_images.sql
	LogImages string
	//go:embed queued.sql
	Queued string
	//go:embed know.sql
	Know string
	//go:embed verify_cursor.sql
	VerifyCursor string
	//go:embed tenant_head.sql
	TenantHead string
	//go:embed tenant_floor.sql
	TenantFloor string
	//go:embed watched.sql
	Watched string
	//go:embed crowd.sql
	Crowd string
	//go:embed overview.sql
	Status string
	//go:embed health.sql
	Health string
	//go:embed revoked.sql
	Revoked string
	//go:embed revocations.sql
	Revocations string
	//go:embed columns.sql
	Columns string
	//go:embed types.sql
	Types string
	//go:embed rules.sql
	Rules string
	//go:embed policy_tables.sql
	PolicyTables string
	//go:embed policy_active.sql
	PolicyActive string
	//go:embed policy_pending.sql
	PolicyPending string
	//go:embed policy_servers.sql
	PolicyServers string
	//go:embed policy_outcome.sql
	PolicyOutcome string
	//go:embed written_values.sql
	WrittenValues string
	//go:embed rows_transaction.sql
	RowsTransaction string
	//go:embed rows_settings.sql
	RowsSettings string
	//go:embed rows_of.sql
	RowsOf string
	//go:embed rows_files.sql
	RowsFiles string
	//go:embed tenant_types.sql
	TenantTypes string
	//go:embed foreign_log.sql
	ForeignLog string
	//go:embed lock_holders.sql
	LockHolders string
	//go:embed announce.sql
	Announce string
	//go:embed seal.sql
	Seal string
	//go:embed seal_holder.sql
	SealHolder string
)

// Scripts are for psql.
//
//go:embed status.sql lag.sql writers.sql notify_queue.sql oldest_transactions.sql verify.sql
//go:embed attach.sql detach.sql pause.sql resume.sql replay.sql prune.sql
//go:embed policy_list.sql policy_apply.sql policy_drop.sql
//go:embed import.sql import_client.sql simulate_load.sql roles.sql
var Scripts embed.FS
