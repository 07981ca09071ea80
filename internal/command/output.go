package command

import (
	"context"
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"rowcast/internal/command/program"
	"rowcast/internal/postgres"
)

// withPool runs f with a small pool that may lead through a pooler.
func withPool(ctx context.Context, url, name string, f func(pool postgres.Pool) error) error {
	pool, err := postgres.OpenPooled(ctx, url, name, 2)
	if err != nil {
		return err
	}
	defer pool.Close()
	return postgres.Judge(context.WithoutCancel(ctx), pool, f(pool))
}

// format binds the flag for what is printed.
func format(cmd *cobra.Command, into *string, kinds, meaning string) {
	cmd.Flags().StringVarP(into, "output", "o", "text", kinds+meaning)
}

// textOrJSON refuses other formats.
func textOrJSON(format string) error {
	if format != "text" && format != "json" {
		return program.Usage("-o is %q; it is text or json", format)
	}
	return nil
}

// writeJSON writes a value for programs.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
