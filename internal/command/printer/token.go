package printer

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"rowcast/internal/access/auth"
)

// Claims are the names of the claims that a token is read by.
type Claims struct{ Subject, Tenants, Roles string }

// Token writes what there is to know about a token, for people.
func Token(out io.Writer, e auth.Explanation, from Claims) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	line("algorithm", "%s", or(e.Why.Algorithm, "none"))
	line("key (kid)", "%s", or(e.Why.KeyID, "none named"))
	if e.Read {
		if !signed(e.Why.Kind) {
			line("signature", "not good: what follows is what the token says, and nobody vouches for it")
		}
		id := e.Identity
		line("expires", "%s", when(id.Expires))
		line("issued", "%s", when(id.IssuedAt))
		line("subject", "%s\tfrom %s", or(id.Subject, "none"), from.Subject)
		line("tenants", "%s\tfrom %s", list(id.Tenants), from.Tenants)
		line("roles", "%s\tfrom %s", list(id.Roles), from.Roles)
		line("not used", "%s", list(e.Unused))
	}
	verdict := "accepted"
	if e.Err != nil {
		verdict = "refused: " + Visible(e.Err.Error())
	}
	line("verdict", "%s", verdict)
	for _, hint := range hints(e) {
		line("note", "%s", hint)
	}
	return w.Flush()
}

// signed says whether a token that is refused for a reason of this kind, or accepted,
// is signed by a key of ours.
func signed(kind string) bool {
	switch kind {
	case "", "claim", "time", "expired":
		return true
	}
	return false
}

// hints are what else there is to say.
func hints(e auth.Explanation) (all []string) {
	if e.Err != nil && !signed(e.Why.Kind) && e.ClaimErr != nil {
		all = append(all, "its claims would not do either: "+Visible(e.ClaimErr.Error()))
	}
	if e.Why.Kind == "key" && errors.Is(e.Err, auth.ErrUnavailable) {
		all = append(all, "clients come back with this token; it is refused for good once the key set was fetched anew without its key")
	}
	if e.Read && len(e.Identity.Tenants) == 0 {
		hint := "the token joins nothing: no claim that JWT_TENANT_CLAIM names holds a tenant"
		if len(e.Likely) > 0 {
			hint += "; these may: " + list(e.Likely)
		}
		all = append(all, hint)
	}
	if e.Read && e.Identity.Subject == "" {
		all = append(all, "the token has no subject: limits and revocations by subject do not see it")
	}
	return all
}

// when is a date and how far away it is.
func when(at time.Time) string {
	if at.IsZero() {
		return "not said"
	}
	const day = 24 * 60 * 60
	seconds := at.Unix() - time.Now().Unix()
	form := "%s, in %s"
	if seconds < 0 {
		form, seconds = "%s, %s ago", -seconds
	}
	away := fmt.Sprint(time.Duration(seconds%day) * time.Second)
	if seconds >= day {
		away = fmt.Sprintf("%d days", seconds/day)
	}
	return fmt.Sprintf(form, at.UTC().Format(time.RFC3339), away)
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return Visible(text)
}

// list shows texts one after the other.
func list(all []string) string {
	shown := make([]string, len(all))
	for i, text := range all {
		shown[i] = Visible(text)
	}
	return or(strings.Join(shown, ", "), "none")
}
