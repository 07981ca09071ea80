package latency

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"rowcast/internal/bench/load"
)

// arrival is a row that a client has received. Times are since the run began.
type arrival struct {
	id      int64
	due, at time.Duration
}

// arrivals are those of one block at a time.
type arrivals struct {
	mu      sync.Mutex
	first   int64
	rows    []arrival
	missing int
	// moved is when a row came last, problem what should not have come.
	moved   time.Time
	problem error
}

// expect begins a block of count rows.
func (a *arrivals) expect(first, count int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.first, a.rows, a.missing, a.moved = first, make([]arrival, count), int(count), time.Now()
}

func (a *arrivals) add(row arrival) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := row.id - a.first
	switch {
	case i < 0 || i >= int64(len(a.rows)):
		a.problem = fmt.Errorf("row %d arrived again, or on the wrong side", row.id)
	case a.rows[i].at != 0:
		a.problem = fmt.Errorf("row %d arrived twice", row.id)
	default:
		a.rows[i], a.moved = row, time.Now()
		a.missing--
	}
}

// fail ends the block because a client is of no use.
func (a *arrivals) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.problem = errors.Join(a.problem, err)
}

// await waits until every row of the block has arrived.
func (a *arrivals) await(ctx context.Context, timeout time.Duration) error {
	for {
		a.mu.Lock()
		missing, rows, moved, problem := a.missing, len(a.rows), a.moved, a.problem
		a.mu.Unlock()
		switch {
		case problem != nil || missing == 0:
			return problem
		case time.Since(moved) >= timeout:
			return fmt.Errorf("%d of %d rows have not arrived, and nothing has for %s", missing, rows, timeout)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// join starts the WebSocket client of the server.
func (r *run) join(ctx context.Context, address string) error {
	token, err := r.Token([]string{tenant})
	if err != nil {
		return err
	}
	r.client.Event = func(message []byte, at time.Time) {
		_, data, _ := bytes.Cut(message, []byte(`"data":`))
		id, err := number(data, `"id":`)
		due, err2 := number(data, `"due":`)
		if err := errors.Join(err, err2); err != nil {
			r.arrivals.fail(fmt.Errorf("read the event %s: %w", message, err))
			return
		}
		r.arrivals.add(arrival{id, time.Duration(due), at.Sub(r.began)})
	}
	r.client.Broken = r.arrivals.fail
	return r.client.Join(load.Join{Address: address, Wire: load.Native, Tenant: tenant, Token: token, Clients: 1})
}

// number reads the whole number after a name.
func number(text []byte, name string) (int64, error) {
	_, rest, _ := bytes.Cut(text, []byte(name))
	digits, _, _ := bytes.Cut(rest, []byte(","))
	return strconv.ParseInt(string(digits), 10, 64)
}

// listen starts the bare client. stop ends it.
func (r *run) listen(ctx context.Context) (stop func(), err error) {
	conn, err := r.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "listen "+schemaName); err != nil {
		return nil, errors.Join(fmt.Errorf("listen: %w", err), conn.Close(ctx))
	}
	listening, end := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
		for {
			n, err := conn.WaitForNotification(listening)
			at := time.Now()
			var row struct{ ID, Due int64 }
			if err == nil {
				err = json.Unmarshal([]byte(n.Payload), &row)
			}
			if err != nil {
				r.arrivals.fail(fmt.Errorf("the bare client: %w", err))
				return
			}
			r.arrivals.add(arrival{row.ID, time.Duration(row.Due), at.Sub(r.began)})
		}
	}()
	return func() {
		end()
		<-ended
	}, nil
}
