package doctor

import (
	"context"
	"slices"

	"rowcast/internal/errcode"
)

// Encrypted is for tests: no test leaves this machine.
var Encrypted = encrypted

// Look makes one check, and those before it that it needs.
func Look(ctx context.Context, o Options, code errcode.Code) *Report {
	needed := map[errcode.Code]bool{code: true}
	var checks []Check
	for _, check := range slices.Backward(Checks()) {
		if needed[check.Code] {
			checks = append(checks, check)
			for _, code := range check.Needs {
				needed[code] = true
			}
		}
	}
	slices.Reverse(checks)
	return run(ctx, o, checks, nil)
}
