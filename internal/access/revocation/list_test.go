package revocation_test

import (
	"fmt"
	"testing"
	"time"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/revocation"
)

func TestList(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 15, 4, 5, 500e6, time.UTC)
	second := now.Truncate(time.Second) // how tokens tell the time
	ann := auth.Identity{Subject: "ann", TokenID: "1", Tenants: []string{"T", "U"}, IssuedAt: second}
	bare := auth.Identity{Subject: "ann"}
	list := func(r ...revocation.Revocation) []revocation.Revocation { return r }
	for name, test := range map[string]struct {
		list []revocation.Revocation
		id   auth.Identity
		want bool
	}{
		"nothing":                           {nil, ann, false},
		"no condition":                      {list(revocation.Revocation{}), ann, false},
		"no condition, token without":       {list(revocation.Revocation{}), bare, false},
		"token id":                          {list(revocation.Revocation{TokenID: "1"}), ann, true},
		"another token id":                  {list(revocation.Revocation{TokenID: "2"}), ann, false},
		"token id, token without":           {list(revocation.Revocation{TokenID: "1"}), bare, false},
		"subject":                           {list(revocation.Revocation{Subject: "ann"}), ann, true},
		"another subject":                   {list(revocation.Revocation{Subject: "Ann"}), ann, false},
		"tenant":                            {list(revocation.Revocation{Tenant: "U"}), ann, true},
		"another tenant":                    {list(revocation.Revocation{Tenant: "V"}), ann, false},
		"tenant, token without":             {list(revocation.Revocation{Tenant: "T"}), bare, false},
		"issued before":                     {list(revocation.Revocation{IssuedBefore: second.Add(time.Second)}), ann, true},
		"issued in the same second":         {list(revocation.Revocation{IssuedBefore: now}), ann, true},
		"issued at the time":                {list(revocation.Revocation{IssuedBefore: second}), ann, false},
		"issued after":                      {list(revocation.Revocation{IssuedBefore: second.Add(-time.Second)}), ann, false},
		"issued before, token does not say": {list(revocation.Revocation{IssuedBefore: time.Unix(1, 0)}), bare, true},
		"all conditions":                    {list(revocation.Revocation{TokenID: "1", Subject: "ann", Tenant: "T", IssuedBefore: now}), ann, true},
		"all but the token id":              {list(revocation.Revocation{TokenID: "2", Subject: "ann", Tenant: "T", IssuedBefore: now}), ann, false},
		"all but the subject":               {list(revocation.Revocation{TokenID: "1", Subject: "bob", Tenant: "T", IssuedBefore: now}), ann, false},
		"all but the tenant":                {list(revocation.Revocation{TokenID: "1", Subject: "ann", Tenant: "V", IssuedBefore: now}), ann, false},
		"all but the time":                  {list(revocation.Revocation{TokenID: "1", Subject: "ann", Tenant: "T", IssuedBefore: second}), ann, false},
		"subject of an older token":         {list(revocation.Revocation{Subject: "ann", IssuedBefore: second}), ann, false},
		"one of several":                    {list(revocation.Revocation{Subject: "bob"}, revocation.Revocation{Tenant: "V"}, revocation.Revocation{TokenID: "1"}), ann, true},
		"over":                              {list(revocation.Revocation{Subject: "ann", Until: now}), ann, false},
		"nearly over":                       {list(revocation.Revocation{Subject: "ann", Until: now.Add(1)}), ann, true},
	} {
		for i := range test.list {
			if test.list[i].Until.IsZero() {
				test.list[i].Until = now.Add(time.Hour)
			}
		}
		if got := revocation.NewList(test.list).Revoked(&test.id, now); got != test.want {
			t.Errorf("%s: revoked %t", name, got)
		}
	}
}

// A sweep over all connections looks at few revocations for each of them.
func BenchmarkRevoked(b *testing.B) {
	now := time.Now()
	var all []revocation.Revocation
	for i := range 10_000 {
		all = append(all, revocation.Revocation{Subject: fmt.Sprint("user ", i), IssuedBefore: now, Until: now.Add(time.Hour)})
	}
	list := revocation.NewList(all)
	id := auth.Identity{Subject: "ann", TokenID: "1", Tenants: []string{"T", "U"}, IssuedAt: now}
	for b.Loop() {
		if list.Revoked(&id, now) {
			b.Fatal("revoked")
		}
	}
}
