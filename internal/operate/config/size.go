package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes.
type Size int64

// leastSize is the smallest size that a setting takes.
const leastSize = 1 << 20

// unitOf is how many bytes a unit is, 0 if there is no such unit. Each is a power
// of 1024, as in the settings of PostgreSQL.
func unitOf(name string) int64 {
	switch strings.ToLower(name) {
	case "", "b":
		return 1
	case "kb", "kib":
		return 1 << 10
	case "mb", "mib":
		return 1 << 20
	case "gb", "gib":
		return 1 << 30
	default:
		return 0
	}
}

// UnmarshalText reads a size with its unit.
func (s *Size) UnmarshalText(text []byte) error {
	digits := strings.TrimRight(string(text), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	unit := unitOf(strings.TrimLeft(string(text[len(digits):]), " "))
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || unit == 0 || n > math.MaxInt64/unit || n*unit < leastSize {
		return fmt.Errorf("%.40q: %w", text, errForm)
	}
	*s = Size(n * unit)
	return nil
}

func checkSize(value string) error { return new(Size).UnmarshalText([]byte(value)) }
