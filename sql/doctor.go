package sql

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed doctor_*.sql
var doctor embed.FS

// Doctor is the query by which rowcast doctor looks for trouble of a code, in
// sql/doctor_<code>.sql. It returns one row: ok, warn or fail; what was found, in
// words; and what repairs it, null if the registry of codes knows.
func Doctor(code string) (string, error) {
	text, err := doctor.ReadFile("doctor_" + strings.ReplaceAll(code, "-", "_") + ".sql")
	if err != nil {
		return "", fmt.Errorf("find the query for %s: %w", code, err)
	}
	return string(text), nil
}

// Pulse is for rowcast status and rowcast prune.
//
//go:embed pulse.sql
var Pulse string
