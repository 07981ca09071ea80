package postgres

import _ "embed"

// Each file says what it returns.
var (
	//go:embed query/altered.sql
	alteredQuery string
	//go:embed query/drop_schema.sql
	dropSchemaQuery string
	//go:embed query/missing.sql
	missingQuery string
	//go:embed query/program.sql
	programQuery string
	//go:embed query/published.sql
	publishedQuery string
	//go:embed query/remembered.sql
	rememberedQuery string
	//go:embed query/remove_triggers.sql
	removeTriggersQuery string
	//go:embed query/triggered.sql
	triggeredQuery string
	//go:embed query/watch_notes.sql
	watchNotesQuery string
	//go:embed query/watched.sql
	watchedQuery string
)
