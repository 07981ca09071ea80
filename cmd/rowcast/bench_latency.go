package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rowcast/internal/bench"
	"rowcast/internal/bench/child"
	"rowcast/internal/bench/latency"
	"rowcast/internal/bench/measure"
	"rowcast/internal/config"
)

// benchPatience is how long nothing may arrive before a benchmark gives up.
const benchPatience = 10 * time.Second

func (p *program) benchLatency() *cobra.Command {
	var o latency.Options
	var out benchOutput
	cmd := &cobra.Command{
		Use:   "latency",
		Short: "Measure the time from a commit to the client",
		Long: `Measures the time from when a commit was intended until a WebSocket client has the
event, beside a bare LISTEN client that is sent the row by pg_notify, and what an
idle server costs. With DATABASE_URL it makes tables in schema
rowcast_bench_latency, which are gone afterwards; the captured changes stay in
the log until the retention has passed.`,
		Example: `  rowcast bench latency
  rowcast bench latency --rate 2000 --html report.html
  rowcast bench latency --database-url postgres://owner@host/shop --check`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			if err := checkLatency(o); err != nil {
				return usageError{err}
			}
			return p.runLatency(cmd, cfg, o, &out)
		},
	}
	flags := cmd.Flags()
	flags.Float64Var(&o.Rate, "rate", 100, "commits a second")
	flags.DurationVar(&o.Duration, "duration", 10*time.Second, "how long each side is measured")
	flags.IntVar(&o.Tenants, "tenants", 50, "tenants that the client joins")
	flags.IntVar(&o.Writers, "writers", 8, "most commits at once")
	flags.IntVar(&o.Blocks, "blocks", 5, "turns that each side takes")
	flags.DurationVar(&o.LeadIn, "lead-in", 500*time.Millisecond, "beginning of each turn that is not counted")
	flags.DurationVar(&o.Idle, "idle", 10*time.Second, "how long idleness is measured; 0 leaves it out")
	out.bind(flags)
	config.Bind(flags, "DATABASE_URL", "LISTEN_DATABASE_URL", "ROWCAST_NOTIFY", "ROWCAST_PG_BINDIR")
	return cmd
}

func checkLatency(o latency.Options) error {
	switch {
	case o.Rate <= 0 || o.Rate > 100_000:
		return fmt.Errorf("--rate is %v; give commits a second from above 0 to 100000", o.Rate)
	case o.Duration <= 0:
		return fmt.Errorf("--duration is %s; give one above 0", o.Duration)
	case o.Tenants < 1 || o.Tenants > 10_000:
		return fmt.Errorf("--tenants is %d; give 1 to 10000", o.Tenants)
	case o.Writers < 1 || o.Writers > 500:
		return fmt.Errorf("--writers is %d; give 1 to 500", o.Writers)
	case o.Blocks < 1:
		return fmt.Errorf("--blocks is %d; give 1 or more", o.Blocks)
	case o.LeadIn < 0 || o.Idle < 0:
		return errors.New("--lead-in and --idle cannot be negative")
	}
	return nil
}

func (p *program) runLatency(cmd *cobra.Command, cfg config.Config, o latency.Options, out *benchOutput) (err error) {
	if err := out.open(); err != nil {
		return err
	}
	defer out.close()
	report := &bench.Report{
		Name: "latency", Title: "from a commit to the client, beside bare LISTEN", Command: commandLine(cmd), Time: time.Now(),
		Environment: bench.Machine(version()),
	}
	result, err := p.measureLatency(cmd.Context(), cfg, &o, out, report)
	if err != nil {
		return err
	}
	result.Fill(report, o)
	report.Seconds = time.Since(report.Time).Seconds()
	return out.write(p.stdout, report)
}

func (p *program) measureLatency(
	ctx context.Context, cfg config.Config, o *latency.Options, out *benchOutput, report *bench.Report,
) (_ *latency.Result, err error) {
	site := p.newBenchSite(cfg)
	defer func() { err = errors.Join(err, site.close()) }()
	if err := site.openDatabase(ctx); err != nil {
		return nil, err
	}
	if err := site.describe(ctx, &report.Environment); err != nil {
		return nil, err
	}
	server, address, err := site.serve(ctx, o.Tenants)
	if err != nil {
		return nil, err
	}
	progress := measure.NewProgress(p.stderr, p.stdout, out.format, o.Steps())
	defer progress.Close()
	o.Connect, o.URL, o.Token = site.connect, "ws://"+address+"/ws", site.token
	o.Usage = func(ctx context.Context) (child.Usage, error) { return server.Usage(ctx) }
	o.Patience, o.Doing, o.Step = benchPatience, progress.Doing, progress.Step
	return latency.Run(ctx, *o)
}
