package instructions

import "fmt"

// pair has two tables of the same rows: without triggers, and watched by Rowcast.
type pair struct{ plain, watched string }

// Three columns; a fourth that is excluded; a fourth that is an enum.
func narrow() pair   { return pair{"plain", "docs"} }
func excluded() pair { return pair{"plain_secrets", "secrets"} }
func enum() pair     { return pair{"plain_moods", "moods"} }

func (p pair) tables() []string { return []string{p.plain, p.watched} }

// statement is a kind of statement that changes one row.
type statement struct {
	pair
	name string
	// most is how many more instructions it may take with triggers than
	// without; 0 is no bar.
	most int
	// text is the i-th of its kind on a table, from 1.
	text func(table string, i int) string
}

func statements() []statement {
	return []statement{
		{narrow(), "insert", 252_000, func(table string, i int) string {
			return fmt.Sprintf("insert into %s values (%d, 'T', 'hello')", table, 100_000+i)
		}},
		{narrow(), "update", 330_000, func(table string, i int) string {
			return fmt.Sprintf("update %s set body = 'hello%d' where id = %d", table, i, i)
		}},
		{narrow(), "delete", 252_000, func(table string, i int) string {
			return fmt.Sprintf("delete from %s where id = %d", table, i)
		}},
		{narrow(), "upsert", 0, func(table string, i int) string {
			return fmt.Sprintf("insert into %s values (%d, 'T', 'hello') on conflict (id) do update set body = excluded.body", table, i)
		}},
		{excluded(), "excluded", 0, insertOfFour},
		{enum(), "enum", 0, insertOfFour},
	}
}

// insertOfFour inserts a row into a table of four columns.
func insertOfFour(table string, i int) string {
	return fmt.Sprintf("insert into %s values (%d, 'T', 'hello', 'glad')", table, 100_000+i)
}

// script is a number of statements of a kind, none of which changes a row twice.
func (s statement) script(table string, n int) []string {
	script := make([]string, n)
	for i := range script {
		script[i] = s.text(table, i+1)
	}
	return script
}
