//go:build !unix

package measure

import "rowcast/internal/bench"

// OwnCPU is unknown on this system.
func OwnCPU() float64 { return bench.Unknown() }
