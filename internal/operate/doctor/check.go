package doctor

import (
	"context"

	"rowcast/internal/errcode"
)

// Status is how a check went.
type Status string

// The states, from good to bad; Skip is neither.
const (
	OK   Status = "ok"
	Skip Status = "skip"
	Warn Status = "warn"
	Fail Status = "fail"
)

// Finding is what a check found.
type Finding struct {
	Status Status
	// Evidence is what was seen, for people.
	Evidence string
	// Fix is what repairs it, a command where there is one. Empty means what the
	// registry says.
	Fix string
}

func ok(evidence string) Finding        { return Finding{Status: OK, Evidence: evidence} }
func skip(evidence string) Finding      { return Finding{Status: Skip, Evidence: evidence} }
func warn(evidence, fix string) Finding { return Finding{Warn, evidence, fix} }
func fail(evidence, fix string) Finding { return Finding{Fail, evidence, fix} }

// Check looks for one kind of trouble.
type Check struct {
	// Code is that of the trouble in the registry of codes.
	Code errcode.Code
	// Needs are the checks without which this one means nothing.
	Needs []errcode.Code
	run   func(ctx context.Context, p *patient) Finding
}

// Checks are all checks, in the order in which they are made. A check comes after
// those that it needs.
func Checks() []Check {
	const (
		reached  = "database-unreachable"
		listener = "pooler"
		migrated = "not-migrated"
	)
	return []Check{
		{reached, nil, reach},
		{"server-old", []errcode.Code{reached}, query("server-old", func(o *Options) any { return o.Bounds.Version })},
		{"clear-database", []errcode.Code{reached}, inClear},
		{"standby", []errcode.Code{reached}, query("standby")},
		{"clock-skew", []errcode.Code{reached}, clocks},
		{"listen-unreachable", nil, reachListen},
		{listener, nil, pooler},
		{"different-databases", []errcode.Code{reached, listener}, same},
		{"listen-silent", []errcode.Code{listener, "standby"}, hears},

		{migrated, []errcode.Code{reached}, query(migrated)},
		{"privileges-missing", []errcode.Code{migrated}, query("privileges-missing")},
		{"role-superuser", []errcode.Code{reached}, query("role-superuser")},
		{"schema-outdated", []errcode.Code{migrated}, versions},
		{"foreign-log", []errcode.Code{migrated}, query("foreign-log")},
		{"log-published", []errcode.Code{migrated}, query("log-published")},
		{"nothing-watched", []errcode.Code{migrated}, query("nothing-watched")},
		{"triggers-drifted", []errcode.Code{migrated}, query("triggers-drifted")},
		{"capture-rights", []errcode.Code{migrated}, query("capture-rights")},
		{"inheritance", []errcode.Code{migrated}, query("inheritance")},
		{"capture-paused", []errcode.Code{migrated}, query("capture-paused")},
		{"tenant-nullable", []errcode.Code{migrated}, query("tenant-nullable")},
		{"tenant-unindexed", []errcode.Code{migrated}, query("tenant-unindexed")},
		{"tenant-spelling", []errcode.Code{migrated}, query("tenant-spelling")},
		{"audience-missing", []errcode.Code{migrated}, query("audience-missing")},
		{"not-readable", []errcode.Code{migrated}, query("not-readable")},
		{"policy-refused", []errcode.Code{migrated}, query("policy-refused")},
		{"policy-stale", []errcode.Code{migrated}, rules("policy-stale", staleRules)},
		{"policy-missing", []errcode.Code{migrated}, rules("policy-missing", noRules)},
		{"rows-wide", []errcode.Code{migrated}, query("rows-wide")},
		{"replica-role", []errcode.Code{reached}, query("replica-role")},

		{"no-server", []errcode.Code{migrated}, query("no-server")},
		{"seal-lag", []errcode.Code{migrated, "foreign-log"}, query("seal-lag", func(o *Options) any { return o.Bounds.Lag }, func(o *Options) any { return o.Bounds.LagFail })},
		{sealHeld, []errcode.Code{reached}, locks(sealHeld, "seal")},
		{"lock-held", []errcode.Code{reached}, locks("lock-held", "leader", "prune", "sleep", "server", "migration")},
		{"retention-behind", []errcode.Code{migrated}, query("retention-behind", func(o *Options) any { return o.Retention })},
		{"rotation-behind", []errcode.Code{migrated}, query("rotation-behind", func(o *Options) any { return o.Retention })},
		{"log-large", []errcode.Code{migrated}, query("log-large", func(o *Options) any { return o.Bounds.LogBytes })},
		{"notify-queue", []errcode.Code{reached}, query("notify-queue", func(o *Options) any { return o.Bounds.Queue }, func(o *Options) any { return o.Bounds.QueueFail })},
		{"transaction-old", []errcode.Code{reached}, query("transaction-old", transactionAge)},
		{"prepared-old", []errcode.Code{reached}, query("prepared-old", transactionAge)},
		{"idle-in-transaction", []errcode.Code{reached}, query("idle-in-transaction", transactionAge)},
		{"connections-scarce", []errcode.Code{reached}, query("connections-scarce", func(o *Options) any { return o.Bounds.Connections }, func(o *Options) any { return o.Bounds.ConnectionsFail })},
		{"durability-off", []errcode.Code{reached}, query("durability-off")},
		{"commit-asynchronous", []errcode.Code{reached}, query("commit-asynchronous")},

		{"keys-missing", nil, keys},
		{"weak-secret", nil, secret},
		{"key-file", nil, keyFile},
		{"key-set", nil, keySet},
		{"clear-origin", nil, origins},
		{"public-admin", nil, exposed},
		{"server-unready", nil, ready},
		{"proxy-unnamed", nil, unnamed},
		{"changes-unreadable", nil, unreadable},
		{"files-few", nil, files},

		{"checks-unanswered", []errcode.Code{reached}, answers},
	}
}

func transactionAge(o *Options) any { return o.Bounds.Transaction }
