package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rowcast/internal/bench"
	"rowcast/internal/bench/child"
	"rowcast/internal/bench/fanout"
	"rowcast/internal/bench/fanout/database"
	"rowcast/internal/bench/fanout/hubonly"
	"rowcast/internal/bench/measure"
	"rowcast/internal/config"
)

// benchUnheard is how many changes of a tenant without clients are made.
const benchUnheard = 10_000

func (p *program) benchFanout() *cobra.Command {
	var o fanout.Settings
	var out benchOutput
	cmd := &cobra.Command{
		Use:   "fanout",
		Short: "Measure what pushing events to many clients costs",
		Long: `Measures what the server uses for each event that it delivers, beside a process
that does nothing but write(2) of as many bytes to as many connections, and the
memory of connections that are silent. Server, clients and bare writer are
processes of their own. Changes come from PostgreSQL, or straight into the hub
with --source hub. With DATABASE_URL it makes a table in schema
rowcast_bench_fanout, which is gone afterwards; the captured changes stay in the
log until the retention has passed.`,
		Example: `  rowcast bench fanout
  rowcast bench fanout --mode burst --source hub
  rowcast bench fanout --clients 5000 --tenants 100 --rate 20 --html report.html`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			if err := o.Check(); err != nil {
				return usageError{err}
			}
			return p.runFanout(cmd, cfg, o, &out)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&o.Clients, "clients", 1000, "clients, spread over the tenants")
	flags.IntVar(&o.Tenants, "tenants", 1, "tenants, which change in turns")
	flags.StringVar(&o.Mode, "mode", fanout.Paced, "paced: --rate changes a second, or burst: --burst at once")
	flags.Float64Var(&o.Rate, "rate", 100, "changes a second, if paced")
	flags.Int64Var(&o.Burst, "burst", 500, "changes at once, in bursts")
	flags.DurationVar(&o.Duration, "duration", 10*time.Second, "how long each side is measured")
	flags.IntVar(&o.Rounds, "rounds", 5, "turns that each side takes")
	flags.StringVar(&o.Source, "source", fanout.FromPostgres, "where changes come from: postgres or hub")
	flags.IntVar(&o.IdleConnections, "idle-connections", 10_000, "silent connections whose memory is measured; 0 leaves it out")
	out.bind(flags)
	config.Bind(flags, "DATABASE_URL", "LISTEN_DATABASE_URL", "ROWCAST_NOTIFY", "ROWCAST_PG_BINDIR")
	return cmd
}

func (p *program) runFanout(cmd *cobra.Command, cfg config.Config, o fanout.Settings, out *benchOutput) (err error) {
	if err := out.open(); err != nil {
		return err
	}
	defer out.close()
	report := &bench.Report{
		Name: "fanout", Title: "events to many clients, beside bare write(2)", Command: commandLine(cmd), Time: time.Now(),
		Environment: bench.Machine(version()),
	}
	f := fanoutRun{benchSite: p.newBenchSite(cfg), o: o}
	progress := measure.NewProgress(p.stderr, p.stdout, out.format, o.Rounds+1)
	defer progress.Close()
	result, err := f.run(cmd.Context(), progress, &report.Environment)
	if err != nil {
		return err
	}
	result.Fill(report, o)
	report.Seconds = time.Since(report.Time).Seconds()
	return out.write(p.stdout, report)
}

// fanoutRun is one run of the benchmark.
type fanoutRun struct {
	*benchSite
	o       fanout.Settings
	tenants []fanout.Tenant
	ids     []string
}

func (f *fanoutRun) run(ctx context.Context, progress *measure.Progress, e *bench.Environment) (result *fanout.Result, err error) {
	defer func() { err = errors.Join(err, f.close()) }()
	for n := range f.o.Tenants {
		id := fmt.Sprint("rowcast-bench-", n)
		token, err := f.token([]string{id})
		if err != nil {
			return nil, err
		}
		f.tenants, f.ids = append(f.tenants, fanout.Tenant{ID: id, Token: token}), append(f.ids, id)
	}
	if f.o.Source == fanout.FromPostgres {
		if err := f.openDatabase(ctx); err != nil {
			return nil, err
		}
		if err := f.describe(ctx, e); err != nil {
			return nil, err
		}
	}
	load, err := f.start(ctx, "load")
	if err != nil {
		return nil, err
	}
	if result, err = f.pushing(ctx, load, progress); err != nil {
		return nil, err
	}
	if f.o.IdleConnections > 0 {
		progress.Doing("idle connections")
		if result.Idle, err = f.idle(ctx, load); err != nil {
			return nil, err
		}
	}
	progress.Step()
	return result, nil
}

// pushing measures deliveries.
func (f *fanoutRun) pushing(ctx context.Context, load *child.Child, progress *measure.Progress) (_ *fanout.Result, err error) {
	c, address, err := f.server(ctx, f.o.Clients)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	var server fanout.Server = &hubonly.Server{Caller: c, Tenants: f.ids}
	if f.o.Source == fanout.FromPostgres {
		source, err := database.Open(ctx, c, f.ids, f.connect)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, source.Close(ctx)) }()
		server = source
	}
	bare, err := f.start(ctx, "bare writer")
	if err != nil {
		return nil, err
	}
	return fanout.Run(ctx, fanout.Options{
		Settings: f.o, Server: server, Address: address, Load: load, Bare: bare, Joined: f.tenants,
		Unheard: benchUnheard, Patience: benchPatience, Doing: progress.Doing, Step: progress.Step,
	})
}

// idle measures silent connections, in a server that has done nothing else.
func (f *fanoutRun) idle(ctx context.Context, load *child.Child) (fanout.Idle, error) {
	c, address, err := f.server(ctx, f.o.IdleConnections)
	if err != nil {
		return fanout.Idle{}, err
	}
	idle, err := fanout.MeasureIdle(ctx, fanout.IdleOptions{
		Server: c, Address: address, Load: load, Tenants: f.tenants, Connections: f.o.IdleConnections,
	})
	return idle, errors.Join(err, c.Close())
}

// server starts one of the kind that was asked for.
func (f *fanoutRun) server(ctx context.Context, connections int) (c *child.Child, address string, err error) {
	if f.o.Source == fanout.FromPostgres {
		return f.serve(ctx, connections)
	}
	if c, err = f.start(ctx, "server"); err != nil {
		return nil, "", err
	}
	err = c.Call(ctx, "Hub.Start", hubonly.StartArgs{Secret: f.secret, Connections: connections}, &address)
	return c, address, err
}
