package instructions

import "fmt"

// Tables of the same rows: without triggers, and watched by Rowcast.
const (
	plain   = "plain"
	watched = "docs"
)

func tables() []string { return []string{plain, watched} }

// statement is a kind of statement that changes one row.
type statement struct {
	name string
	// most is how many more instructions it may take with triggers than
	// without; 0 is no bar.
	most int
	// text is the i-th of its kind on a table, from 1.
	text func(table string, i int) string
}

func statements() []statement {
	return []statement{
		{"insert", 252_000, func(table string, i int) string {
			return fmt.Sprintf("insert into %s values (%d, 'T', 'hello')", table, 100_000+i)
		}},
		{"update", 330_000, func(table string, i int) string {
			return fmt.Sprintf("update %s set body = 'hello%d' where id = %d", table, i, i)
		}},
		{"delete", 252_000, func(table string, i int) string {
			return fmt.Sprintf("delete from %s where id = %d", table, i)
		}},
		{"upsert", 0, func(table string, i int) string {
			return fmt.Sprintf("insert into %s values (%d, 'T', 'hello') on conflict (id) do update set body = excluded.body", table, i)
		}},
	}
}

// script is a number of statements of a kind, none of which changes a row twice.
func (s statement) script(table string, n int) []string {
	script := make([]string, n)
	for i := range script {
		script[i] = s.text(table, i+1)
	}
	return script
}
