package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"rowcast/internal/bench"
	"rowcast/internal/bench/fanout"
	"rowcast/internal/bench/latency"
	"rowcast/internal/bench/stage"
	"rowcast/internal/command/program"
	"rowcast/internal/operate/config"
)

// clientsLeave is for the help of a benchmark with clients, with the name of
// its schema.
const clientsLeave = `
The tables are in schema %s, which is dropped at the end, also
after Ctrl-C. What was captured stays in the change log until the retention has
passed, under tenants of its own: rowcast-bench-0 and on. The role must own schema
rowcast.`

func (p *commands) latency() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "latency",
		Short: "Measure the time from a commit to the client",
		Long: `Measures the time from when a commit was intended until a WebSocket client has the
event, beside a bare LISTEN client that is sent the row by pg_notify, and what an
idle server costs.
` + fmt.Sprintf(clientsLeave, "rowcast_bench_latency"),
		Example: `  rowcast-bench latency
  rowcast-bench latency --rate 2000 --plots .
  rowcast-bench latency --database-url postgres://owner@host/shop --check`,
	}
	config.Bind(cmd.Flags(), "ROWCAST_NOTIFY")
	return benchmark(p, cmd, "from a commit to the client, beside bare LISTEN", latency.Measure)
}

func (p *commands) fanout() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fanout",
		Short: "Measure what pushing events to many clients costs",
		Long: `Measures what the server uses for each event that it delivers, beside a process
that does nothing but write(2) of as many bytes to as many connections, and the
memory of connections that are silent. Server and bare writer are
processes of their own. Changes come from PostgreSQL, or with --source hub
straight into the hub.

With --wire socketio clients speak Socket.IO over WebSocket, and with --reference
a socket.io server on Node takes turns with the same clients: LISTEN, JSON.parse,
io.to(room).emit. It needs node 18 or newer, and npm the first time, to install
the packages into your cache directory.
` + fmt.Sprintf(clientsLeave, "rowcast_bench_fanout"),
		Example: `  rowcast-bench fanout
  rowcast-bench fanout --mode burst --source hub
  rowcast-bench fanout --wire socketio --reference --rate 20 --check
  rowcast-bench fanout --wire socketio --reference --mode burst --check
  rowcast-bench fanout --clients 5000 --rate 20 --plots .`,
	}
	config.Bind(cmd.Flags(), "ROWCAST_NOTIFY")
	return benchmark(p, cmd, "events to many clients, beside bare write(2)",
		func(ctx context.Context, at *stage.Stage, s fanout.Settings, progress *program.Progress, r *bench.Report) error {
			say := func(line string) { fmt.Fprintln(p.Stderr, line) }
			return fanout.Measure(ctx, at, s, progress, say, r)
		})
}
