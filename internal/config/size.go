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

// units are what a size may end with, in lower case. Each is a power of 1024, as
// in the settings of PostgreSQL.
var units = map[string]int64{
	"": 1, "b": 1, "kb": 1 << 10, "kib": 1 << 10, "mb": 1 << 20, "mib": 1 << 20, "gb": 1 << 30, "gib": 1 << 30,
}

// UnmarshalText reads a size with its unit.
func (s *Size) UnmarshalText(text []byte) error {
	digits := strings.TrimRight(string(text), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
	unit, known := units[strings.ToLower(strings.TrimLeft(string(text[len(digits):]), " "))]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !known || n > math.MaxInt64/unit || n*unit < leastSize {
		return fmt.Errorf("%.40q: %w", text, errForm)
	}
	*s = Size(n * unit)
	return nil
}

func checkSize(value string) error { return new(Size).UnmarshalText([]byte(value)) }
