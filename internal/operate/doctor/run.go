package doctor

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"rowcast/internal/errcode"
)

// Result is a check and what it found.
type Result struct {
	Code errcode.Code `json:"code"`
	// Check is what was looked at.
	Check    string `json:"check"`
	Status   Status `json:"status"`
	Evidence string `json:"evidence"`
	// Why and Fix are there if something is wrong.
	Why     string  `json:"why,omitempty"`
	Fix     string  `json:"fix,omitempty"`
	Seconds float64 `json:"seconds"`
}

// Report is what a run found.
type Report struct {
	Status  Status    `json:"status"`
	At      time.Time `json:"at"`
	Results []Result  `json:"checks"`
}

// patient is what the checks look at. Its connections are opened by the first
// checks and used by one check at a time.
type patient struct {
	Options
	// conn may lead through a pooler, listen is a direct one.
	conn, listen *pgx.Conn
	// cutOff are the checks whose question was not answered.
	cutOff []string
}

// Run makes every check. progress, if not nil, is called before each.
func Run(ctx context.Context, o Options, progress func(Check)) *Report {
	return run(ctx, o, Checks(), progress)
}

func run(ctx context.Context, o Options, checks []Check, progress func(Check)) *Report {
	o.complete()
	p := &patient{Options: o}
	defer p.close(ctx)
	report := &Report{Status: OK, At: o.Now().UTC()}
	failed := map[errcode.Code]bool{}
	for _, check := range checks {
		if progress != nil {
			progress(check)
		}
		began := time.Now()
		finding := p.check(ctx, check, failed)
		entry, _ := errcode.Find(check.Code)
		result := Result{
			Code: check.Code, Check: entry.Check, Status: finding.Status, Evidence: finding.Evidence, Seconds: time.Since(began).Seconds(),
		}
		if finding.Status == Warn || finding.Status == Fail {
			result.Why, result.Fix = entry.Why, finding.Fix
			if result.Fix == "" {
				result.Fix = entry.Do
			}
			report.Status = worse(report.Status, finding.Status)
		}
		failed[check.Code] = finding.Status == Fail || finding.Status == Skip
		report.Results = append(report.Results, result)
	}
	return report
}

// check makes one check within its time.
func (p *patient) check(ctx context.Context, check Check, failed map[errcode.Code]bool) Finding {
	if at := slices.IndexFunc(check.Needs, func(code errcode.Code) bool { return failed[code] }); at >= 0 {
		return skip("not looked at, see " + string(check.Needs[at]))
	}
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	return check.run(ctx, p)
}

func (p *patient) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	for _, conn := range []*pgx.Conn{p.conn, p.listen} {
		if conn != nil {
			_ = conn.Close(ctx) // nothing is under way
		}
	}
}

// worse is the worse of two states.
func worse(a, b Status) Status {
	if a == Fail || b == Fail {
		return Fail
	}
	if a == Warn || b == Warn {
		return Warn
	}
	return OK
}
