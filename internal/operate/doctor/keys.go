package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rowcast/internal/access/auth"
)

// strongSecret is the length of an HS256 signature, in bytes; variety is how many
// different bytes a random secret of that length has at the least.
const (
	strongSecret = 32
	variety      = 10
)

func keys(_ context.Context, p *patient) Finding {
	var set []string
	if len(p.Secret) > 0 {
		set = append(set, "JWT_SECRET")
	}
	if p.PublicKeyFile != "" {
		set = append(set, "JWT_PUBLIC_KEY_FILE")
	}
	if p.JWKSURL != "" {
		set = append(set, "JWKS_URL")
	}
	if len(set) == 0 {
		return fail("no token can be verified", "")
	}
	return ok("tokens are verified by " + strings.Join(set, ", "))
}

func secret(_ context.Context, p *patient) Finding {
	if len(p.Secret) == 0 {
		return skip("JWT_SECRET is not set")
	}
	different := map[byte]bool{}
	for _, b := range p.Secret {
		different[b] = true
	}
	evidence := fmt.Sprintf("%d bytes, %d of them different", len(p.Secret), len(different))
	if len(p.Secret) < strongSecret || len(different) < variety {
		return warn(evidence, "")
	}
	return ok(evidence)
}

func keyFile(_ context.Context, p *patient) Finding {
	if p.PublicKeyFile == "" {
		return skip("JWT_PUBLIC_KEY_FILE is not set")
	}
	found, err := auth.InspectKeyFile(p.PublicKeyFile)
	if err != nil {
		return fail(err.Error(), "")
	}
	evidence := fmt.Sprintf("%d keys", found.Keys)
	if found.Expires.IsZero() {
		return ok(evidence)
	}
	evidence += ", a certificate is good until " + found.Expires.UTC().Format(time.DateOnly)
	if p.Now().Add(p.Bounds.Certificate).After(found.Expires) {
		return warn(evidence, "")
	}
	return ok(evidence)
}

func keySet(ctx context.Context, p *patient) Finding {
	if p.JWKSURL == "" {
		return skip("JWKS_URL is not set")
	}
	began := time.Now()
	count, err := auth.InspectKeySet(ctx, p.JWKSURL, p.Client)
	if err != nil {
		return fail(words(err), "")
	}
	return ok(fmt.Sprintf("%d keys in %s", count, time.Since(began).Round(time.Millisecond)))
}
