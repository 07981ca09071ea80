package errcode

// schema has what is wrong with schema rowcast and the watched tables.
func schema() []Entry {
	return []Entry{
		{
			Code: "not-migrated", Met: Command | Doctor, Check: "schema rowcast",
			What: "The database has no schema rowcast.", Why: "Rowcast was not installed in it, or this is another database.",
			Do: "Run rowcast migrate.",
		},
		{
			Code: "schema-outdated", Met: Command | Doctor, Check: "version of schema rowcast",
			What: "Schema rowcast is of another version than this program.", Why: "The program was updated and the database was not, or the other way round.",
			Do: "Run rowcast migrate of the newer one of the two, then replace the servers.",
		},
		{
			Code: "foreign-log", Met: Command | Doctor, Check: "identity of the feed",
			What: "The change log does not belong to this database.", Why: "It was restored from a dump, made from a template, or upgraded, or a subscription brings that of another database.",
			Do: "Take schema rowcast out of what is replicated to here, then run rowcast migrate --new-feed; clients have to reload.",
		},
		{
			Code: "log-published", Met: Command | Doctor, Check: "publications of schema rowcast",
			What: "A publication carries the change log to its receivers.",
			Why:  "It is for all tables. A receiver without schema rowcast stops for good, and its slot keeps WAL here; one with a feed of its own has that written over.",
			Do:   "Publish schemas or tables instead: create publication … for tables in schema …, then alter subscription … set publication on the other side.",
		},
		{
			Code: "rotation-behind", Met: Doctor, Check: "segments of the log",
			What: "The log is not cut into segments, so nothing of it is freed.",
			Why:  "No server leads, or a session such as a long pg_dump holds a lock on the log. An event trigger may also forbid the DDL that closes a segment.",
			Do:   "See what rowcast prune says; have event triggers leave out schema rowcast.",
		},
		{
			Code: "nothing-watched", Met: Doctor, Check: "watched tables",
			What: "No table is watched.", Why: "None of the tables that migrate knows exists.", Do: "Run rowcast watch with the name of a table.",
		},
		{
			Code: "triggers-drifted", Met: Ready | Doctor, Check: "triggers of the watched tables",
			What: "Triggers of a watched table are not as installed, or its name means another table.", Why: "Somebody disabled, changed or copied them, attached a partition, or restored, replaced or dropped a table. The words say whether changes are missed meanwhile.",
			Do: "Run rowcast migrate; where changes are missed, have clients reload what changed in between.",
		},
		{
			Code: "inheritance", Met: Doctor, Check: "tables that inherit",
			What: "A watched table inherits from another, or the other way round, so that some changes are not captured or fail.",
			Why:  "PostgreSQL fires the triggers of the table that a statement names, and shows them no rows of a foreign table.",
			Do:   "Watch each of the tables by itself; take foreign ones out: alter foreign table … no inherit ….",
		},
		{
			Code: "capture-paused", Met: Doctor, Check: "pauses of capture",
			What: "A session leaves its changes out of the feed.", Why: "It called rowcast.pause, which is on record with its reason.",
			Do: "Wait for the import to end, or call rowcast.resume with the number of the pause; have clients reload what was left out.",
		},
		{
			Code: "capture-rights", Met: Doctor, Check: "capture may append",
			What: "What triggers call has too few rights, or more than it needs.",
			Why:  "Rights were revoked or an owner was changed, and writers fail. Or rowcast migrate ran as a role that cannot make the role rowcast_capture, or give a function to the owner of a table.",
			Do:   "Run rowcast migrate as a superuser, or as a member of the owners that may create roles.",
		},
		{
			Code: "tenant-nullable", Met: Doctor, Check: "tenant columns are not null",
			What: "A tenant column may be null.", Why: "Rows without a tenant belong to nobody and are not captured.", Do: "Set the column not null.",
		},
		{
			Code: "tenant-unindexed", Met: Doctor, Check: "tenant columns are indexed",
			What: "No index begins with a tenant column.", Why: "A client that reloads the state of its tenant has the whole table read.",
			Do: "Create an index on the column, concurrently.",
		},
		{
			Code: "tenant-spelling", Met: Doctor, Check: "tenants have one spelling",
			What: "Tenant columns are of several kinds, or of one whose values have several spellings.",
			Why:  "Tenants are compared as text then: a client that spells a uuid or a number otherwise than PostgreSQL writes it hears of no change.",
			Do:   "Give all tenant columns one type, uuid, bigint or text; or have tokens spell tenants as the rows do.",
		},
		{
			Code: "audience-missing", Met: Doctor, Check: "rows have a reader",
			What: "A table lacks the column that says for whom its rows are.",
			Why:  "The column was renamed, dropped or excluded. The server cannot know who may see such rows, so nobody receives them.",
			Do:   "Name the column that says it now: rowcast watch <table> --audience <column>. Rows that were logged under the old name stay hidden.",
		},
		{
			Code: "policy-refused", Met: Doctor | Command, Check: "the newest policy is in force",
			What: "A policy is refused, and the one before stays in force.",
			Why:  "It names a table, a column or a value that there is not, or says what no policy says. Or it was applied by psql, and no server has looked at it.",
			Do:   "Correct each line that is named, then: rowcast policy apply <file>. To see what it would change: rowcast policy diff <file>.",
		},
		{
			Code: "policy-stale", Met: Doctor, Check: "the policy knows every column",
			What: "Columns are withheld, because they are newer than the policy.",
			Why:  "A policy names the columns that a role sees when it is applied. What was added, renamed or replaced since is seen by roles given as {} alone. A condition on such a column hides the table from its role.",
			Do:   "See that the policy says what it should, then apply it again: rowcast policy apply <file>.",
		},
		{
			Code: "policy-missing", Met: Doctor, Check: "row level security has a policy",
			What: "A watched table has row level security, and no policy has rules for it.",
			Why:  "Row level security is asked by statements. Capture logs every row, and every member of the tenant receives it.",
			Do:   "Say who sees what of the table in the policy: rowcast policy apply <file>. If everybody may see it, say so with a role: \"*\": {}.",
		},
		{
			Code: "rows-wide", Met: Doctor, Check: "rows are not wide",
			What: "The rows of a watched table hold large values, and each statement on such a row converts and logs them.",
			Why:  "The columns are captured. An update logs twice what it changes and once what it leaves. The CPU is that of one or two conversions of the row to JSON and of storing that.",
			Do:   "Exclude the columns that clients do not need: rowcast watch <table> --exclude <column>. They are not read any more.",
		},
		{
			Code: "replica-role", Met: Doctor, Check: "session_replication_role",
			What: "Sessions begin with session_replication_role = replica.", Why: "A setting of a role, the database or the server; foreign keys are not checked, and changes are captured row by row, which is slow.",
			Do: "Reset the setting; scripts that need it say so for their own session.",
		},
		{
			Code: "privileges-missing", Met: Command | Doctor, Check: "privileges of the role",
			What: "The role lacks a right that a server needs.", Why: "It is not the owner of schema rowcast, and was not granted what it needs.",
			Do: "Grant what is named, or use the role that ran rowcast migrate.",
		},
		{
			Code: "role-superuser", Met: Doctor, Check: "the role is no superuser",
			What: "The role is a superuser.", Why: "A server needs few rights; an attacker in it would have all.",
			Do: "Make a role of its own for the server.",
		},
	}
}
