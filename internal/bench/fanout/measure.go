package fanout

import (
	"context"
	"errors"
	"time"

	"rowcast/internal/bench"
	"rowcast/internal/bench/fanout/reference"
	"rowcast/internal/bench/load"
	"rowcast/internal/bench/stage"
	"rowcast/internal/command/program"
)

const (
	// timeout is how long nothing may arrive.
	timeout = 10 * time.Second
	// settle is how long a server with silent connections is left alone.
	settle = 2 * time.Second
	// tenant is the one that clients join.
	tenant = "rowcast-bench-0"
)

// driver starts what the benchmark needs.
type driver struct {
	*stage.Stage
	Settings
	token string
	// installed is the reference, if it takes part.
	installed reference.Installed
}

// Measure runs the benchmark and fills the report. say is told what a user has
// to know before that. The caller closes the stage.
func Measure(ctx context.Context, at *stage.Stage, s Settings, progress *program.Progress, say func(line string), report *bench.Report) (err error) {
	d := &driver{Stage: at, Settings: s}
	if s.Reference {
		if d.installed, err = reference.Install(ctx, "", say); err != nil {
			return err
		}
	}
	if d.token, err = at.Token([]string{tenant}); err != nil {
		return err
	}
	sides, err := d.deliveries(ctx, progress)
	if err != nil {
		return err
	}
	var idle []Idle
	if s.IdleConnections > 0 {
		progress.Doing("holding silent connections")
		if idle, err = d.silent(ctx); err != nil {
			return err
		}
	}
	progress.Step()
	Fill(report, s, sides, idle)
	return nil
}

// deliveries measures events.
func (d *driver) deliveries(ctx context.Context, progress *program.Progress) (_ []*Side, err error) {
	server, err := d.server(ctx, d.Clients)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Process.Close()) }()
	sides := []*Side{server}
	if d.Reference {
		rival, err := d.reference(ctx, d.Clients)
		if err != nil {
			return nil, err
		}
		defer func() { _ = rival.Process.Close() }()
		sides = append(sides, rival)
	}
	if d.Source == FromPostgres {
		database, openErr := openDatabase(ctx, d.Connect, tenant)
		defer func() { err = errors.Join(err, database.close(ctx)) }()
		if openErr != nil {
			return nil, openErr
		}
		for i, insert := range []string{insertSQL, insertNotifiedSQL}[:len(sides)] {
			sides[i].Publish = database.publish(insert)
		}
	}
	bare, err := d.Start(ctx, "bare writer")
	if err != nil {
		return nil, err
	}
	return Run(ctx, Options{
		Settings: d.Settings, Sides: sides, Bare: bare, Tenant: tenant, Token: d.token, Timeout: timeout, Doing: progress.Doing, Step: progress.Step,
	})
}

// silent measures connections that nothing is sent to.
func (d *driver) silent(ctx context.Context) (all []Idle, err error) {
	starts := []func(context.Context, int) (*Side, error){d.server}
	if d.Reference {
		starts = append(starts, d.reference)
	}
	for _, start := range starts {
		s, err := start(ctx, d.IdleConnections)
		if err != nil {
			return nil, err
		}
		idle, err := MeasureIdle(ctx, s, load.Join{Address: s.Address, Wire: d.Wire, Tenant: tenant, Token: d.token, Clients: d.IdleConnections}, settle)
		if err := errors.Join(err, s.Process.Close()); err != nil {
			return nil, err
		}
		all = append(all, idle)
	}
	return all, nil
}

// server starts Rowcast, whole or only its hub.
func (d *driver) server(ctx context.Context, connections int) (s *Side, err error) {
	if d.Source == FromPostgres {
		s = &Side{Name: "Rowcast"}
		s.Process, s.Address, err = d.Serve(ctx)
	} else {
		c, startErr := d.Start(ctx, "server")
		if startErr != nil {
			return nil, startErr
		}
		s, err = HubSide(ctx, c, tenant, HubArgs{d.Secret, connections})
	}
	s.Wire, s.Burst = d.Wire, d.Burst
	return s, err
}

// reference starts the server to compare with, on the database if changes come
// from there. It outlives ctx, as the others do.
func (d *driver) reference(ctx context.Context, connections int) (*Side, error) {
	// A process inherits the limit; node raises its own as far as it may.
	if err := load.NeedFiles(connections); err != nil {
		return nil, err
	}
	var from *reference.Database
	if d.Source == FromPostgres {
		var err error
		if from, err = reference.Listening(ctx, schemaName, d.Connect); err != nil {
			return nil, err
		}
	}
	return ReferenceSide(context.WithoutCancel(ctx), d.installed, from, d.Settings)
}

// ReferenceSide starts the reference as a side.
func ReferenceSide(ctx context.Context, installed reference.Installed, from *reference.Database, settings Settings) (*Side, error) {
	c, address, err := reference.Start(ctx, installed, from)
	s := &Side{Name: "socket.io on Node", Process: c, Address: address, Wire: settings.Wire, Burst: settings.Burst}
	s.Publish = func(ctx context.Context, changes Changes) (time.Duration, error) {
		var said struct{ Late time.Duration }
		err := c.Call(ctx, "Reference.Publish", HubChanges{tenant, changes}, &said)
		return said.Late, err
	}
	return s, err
}
