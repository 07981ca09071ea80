package demo

import (
	"context"
	_ "embed"
	"fmt"

	"rowcast/internal/errcode"
	"rowcast/internal/view/policy/store"
)

//go:embed policy.yaml
var policyFile string

// rule puts the policy of the demo into force, as "rowcast policy apply" does. One that was
// applied to data that is kept stays as it is.
func rule(ctx context.Context, db store.Database) error {
	newest, err := store.Newest(ctx, db)
	if err != nil || newest != nil {
		return err
	}
	if _, err := store.Apply(ctx, db, policyFile); err != nil {
		return err
	}
	o, err := store.Settle(ctx, db)
	if err != nil {
		return err
	}
	if o == nil || o.State != store.IsActive {
		return errcode.With("policy-refused", fmt.Errorf("put the policy of the demo into force: it is %+v", o))
	}
	return nil
}
