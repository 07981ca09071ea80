// Rowcast turns committed row changes in PostgreSQL into typed socket events,
// per tenant, with nothing lost.
package main

import (
	"rowcast/internal/command"
	"rowcast/internal/command/program"
)

func main() { program.Main(command.New) }
