package changelog

import (
	"context"
	"fmt"
	"strconv"

	"rowcast/internal/feed"
	"rowcast/sql"
)

// Locate turns what a person names into a cursor of the tenant: "beginning"
// (the oldest change that is kept), a position (the cursor is after it), or
// the text of a cursor, which is only parsed.
func (h *History) Locate(ctx context.Context, tenant, from string) (feed.Cursor, error) {
	position, err := strconv.ParseInt(from, 10, 64)
	if err != nil && from != "beginning" {
		c, err := feed.ParseCursor(from)
		if err != nil {
			return feed.Cursor{}, fmt.Errorf("%w: it is now, beginning, a position or a cursor", err)
		}
		return c, nil
	}
	ctx, cancel := context.WithTimeout(ctx, historyTimeout)
	defer cancel()
	var (
		id                string
		floor, floorNonce int64
		nonce             *int64
	)
	err = writable(tenant, func(name string) error {
		return h.pool.QueryRow(ctx, sql.VerifyCursor, name, position).Scan(&id, &floor, &floorNonce, &nonce)
	})
	if err != nil {
		return feed.Cursor{}, fmt.Errorf("find the history of tenant %q: %w", tenant, err)
	}
	switch {
	case from == "beginning" || position == floor:
		return feed.Cursor{Epoch: id, Position: floor, Nonce: floorNonce}, nil
	case position < floor:
		return feed.Cursor{}, fmt.Errorf("%w: the oldest position that is kept is %d", feed.ErrExpired, floor+1)
	case nonce == nil:
		return feed.Cursor{}, fmt.Errorf("%w: position %d is after the newest change", feed.ErrInvalid, position)
	}
	return feed.Cursor{Epoch: id, Position: position, Nonce: *nonce}, nil
}
