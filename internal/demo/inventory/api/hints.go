package api

import (
	"context"
	"fmt"
	"strings"
)

// hints are lines to copy that change something of the tenant with psql.
type hints struct {
	DatabaseURL string `json:"databaseUrl"`
	// PSQL is the first of the lines.
	PSQL  string `json:"psql"`
	Lines []hint `json:"lines"`
}

type hint struct {
	Title string `json:"title"`
	PSQL  string `json:"psql"`
}

func (a *API) hints(_ context.Context, c *caller) (any, error) {
	url := quote(a.DatabaseURL)
	// The only thing in the statements that is not fixed is the tenant, a uuid.
	run := func(file string) string {
		_, statement, _ := strings.Cut(file, "\n") // without its comment
		statement = strings.ReplaceAll(strings.TrimSuffix(statement, ";\n"), "{tenant}", c.tenant)
		return fmt.Sprintf(`psql %s -c "%s"`, url, statement)
	}
	h := hints{DatabaseURL: a.DatabaseURL, Lines: []hint{
		{"adjust the stock", run(sqlHintAdjust)},
		{"create an order", run(sqlHintOrder)},
		{"copy thousands of rows", run(sqlHintCopyRows) + " | " + run(sqlHintCopy)},
	}}
	h.PSQL = h.Lines[0].PSQL
	return h, nil
}

// quote makes one word of a shell of any text.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
