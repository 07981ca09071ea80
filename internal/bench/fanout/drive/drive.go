// Package drive runs the whole fan-out benchmark: it starts the processes,
// makes the table, and measures deliveries and silent connections.
//
// # Guarantees
//
//   - What it started and made is gone afterwards, also after an interrupt
//     (TestChangesArrive, TestInterruptedBenchmarkLeavesNothing).
//   - Memory of silent connections is that of a server that has done nothing
//     else (TestIdleConnectionsOfTheHubAlone).
//
// # Failures
//
// Errors of a process are prefixed with what it is.
package drive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/child"
	"rowcast/internal/bench/fanout"
	"rowcast/internal/bench/fanout/database"
	"rowcast/internal/bench/fanout/hubonly"
	"rowcast/internal/bench/fanout/reference"
	"rowcast/internal/bench/measure"
	"rowcast/internal/bench/stage"
)

const (
	// Unheard is how many changes of a tenant without clients are made.
	Unheard = 10_000
	// timeout is how long nothing may arrive.
	timeout = 10 * time.Second
	// settle is how long a server with silent connections is left alone.
	settle = 2 * time.Second
)

// Measure runs the benchmark and fills the report. say is told what a user has
// to know before that. The caller closes the stage.
func Measure(ctx context.Context, at *stage.Stage, s fanout.Settings, progress *measure.Progress, say func(line string), report *bench.Report) error {
	d := &driver{Stage: at, settings: s, progress: progress}
	if s.Reference {
		var err error
		if d.installed, err = reference.Install(ctx, "", say); err != nil {
			return err
		}
	}
	for n := range s.Tenants {
		id := fmt.Sprint("rowcast-bench-", n)
		token, err := at.Token([]string{id})
		if err != nil {
			return err
		}
		d.tenants, d.ids = append(d.tenants, fanout.Tenant{ID: id, Token: token}), append(d.ids, id)
	}
	var err error
	if d.load, err = at.Start(ctx, "load"); err != nil {
		return err
	}
	result, err := d.deliveries(ctx)
	if err != nil {
		return err
	}
	if s.IdleConnections > 0 {
		progress.Doing("holding silent connections")
		if err := d.silent(ctx, result); err != nil {
			return err
		}
	}
	progress.Step()
	result.Fill(report, s)
	return nil
}

type driver struct {
	*stage.Stage
	settings fanout.Settings
	progress *measure.Progress
	load     *child.Child
	tenants  []fanout.Tenant
	ids      []string
	// installed is the reference, if it takes part.
	installed reference.Installed
}

// deliveries measures the events of those who hear them.
func (d *driver) deliveries(ctx context.Context) (_ *fanout.Result, err error) {
	c, address, err := d.server(ctx, d.settings.Clients)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	o := fanout.Options{
		Settings: d.settings, Address: address, Load: d.load, Joined: d.tenants,
		Unheard: Unheard, Timeout: timeout, Doing: d.progress.Doing, Step: d.progress.Step,
	}
	var rival *child.Child
	if d.settings.Reference {
		if rival, o.ReferenceAddress, err = d.reference(ctx, d.settings.Clients); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, rival.Close()) }()
		o.Reference = &reference.Server{Caller: rival, Tenants: d.ids}
	}
	o.Server = &hubonly.Server{Caller: c, Tenants: d.ids}
	if d.settings.Source == fanout.FromPostgres {
		source, openErr := database.Open(ctx, c, d.ids, d.Connect)
		if openErr != nil {
			return nil, openErr
		}
		defer func() { err = errors.Join(err, source.Close(ctx)) }()
		o.Server = source
		if d.settings.Reference {
			o.Reference = source.Reference(rival)
		}
	}
	if o.Bare, err = d.Start(ctx, "bare writer"); err != nil {
		return nil, err
	}
	return fanout.Run(ctx, o)
}

// silent measures connections that nothing is sent to.
func (d *driver) silent(ctx context.Context, result *fanout.Result) error {
	c, address, err := d.server(ctx, d.settings.IdleConnections)
	if err != nil {
		return err
	}
	result.Idle, err = d.hold(ctx, c, address)
	if err := errors.Join(err, c.Close()); err != nil || !d.settings.Reference {
		return err
	}
	if c, address, err = d.reference(ctx, d.settings.IdleConnections); err != nil {
		return err
	}
	result.ReferenceIdle, err = d.hold(ctx, c, address)
	return errors.Join(err, c.Close())
}

// hold measures silent connections to a server that had none.
func (d *driver) hold(ctx context.Context, c *child.Child, address string) (fanout.Idle, error) {
	return fanout.MeasureIdle(ctx, fanout.IdleOptions{
		Server: c, Address: address, Wire: d.settings.Wire, Load: d.load, Tenants: d.tenants,
		Connections: d.settings.IdleConnections, Settle: settle,
	})
}

// reference starts the server to compare with, on the database if changes come
// from there. It outlives ctx, as the others do.
func (d *driver) reference(ctx context.Context, connections int) (*child.Child, string, error) {
	var from *reference.Database
	if d.settings.Source == fanout.FromPostgres {
		var err error
		if from, err = reference.Listening(ctx, database.Channel, d.Connect); err != nil {
			return nil, "", err
		}
	}
	return reference.Start(context.WithoutCancel(ctx), d.installed, connections, from)
}

// server starts one of the kind that was asked for.
func (d *driver) server(ctx context.Context, connections int) (c *child.Child, address string, err error) {
	if d.settings.Source == fanout.FromPostgres {
		return d.Serve(ctx, connections)
	}
	if c, err = d.Start(ctx, "server"); err != nil {
		return nil, "", err
	}
	err = c.Call(ctx, "Hub.Start", hubonly.StartArgs{Secret: d.Secret, Connections: connections}, &address)
	return c, address, err
}
