package latency

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"rowcast/internal/bench/load"
	"rowcast/internal/bench/measure"
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
	missing int64
	// problem is what should not have come.
	problem error
}

// expect begins a block of count rows.
func (a *arrivals) expect(first, count int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.first, a.rows, a.missing = first, make([]arrival, count), count
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
		a.rows[i] = row
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
	return measure.Await(ctx, 5*time.Millisecond, timeout, func() (int64, string, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.missing, fmt.Sprintf("%d of %d rows have not arrived", a.missing, len(a.rows)), a.problem
	})
}

// join starts the WebSocket client of the server.
func (r *run) join(address string) error {
	token, err := r.Token(tenant)
	if err != nil {
		return err
	}
	r.client.Event = func(message []byte, at time.Time) {
		_, data, _ := bytes.Cut(message, []byte(`"data":`))
		var row arrival
		if _, err := fmt.Sscanf(string(data), `{"id":%d,"tenant_id":"`+tenant+`","due":%d,`, &row.id, &row.due); err != nil {
			r.arrivals.fail(fmt.Errorf("read the event %s: %w", message, err))
			return
		}
		row.at = at.Sub(r.began)
		r.arrivals.add(row)
	}
	r.client.Broken = r.arrivals.fail
	return r.client.Join(load.Join{Address: address, Tenant: tenant, Token: token, Clients: 1})
}

// listen starts the bare client. stop ends it.
func (r *run) listen(ctx context.Context) (stop func(), err error) {
	return r.Listen(ctx, schemaName, func(payload string, at time.Time) {
		var row struct{ ID, Due int64 }
		if err := json.Unmarshal([]byte(payload), &row); err != nil {
			r.arrivals.fail(fmt.Errorf("read the notification %s: %w", payload, err))
			return
		}
		r.arrivals.add(arrival{row.ID, time.Duration(row.Due), at.Sub(r.began)})
	}, func(err error) { r.arrivals.fail(fmt.Errorf("the bare client: %w", err)) })
}
