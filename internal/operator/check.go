package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"rowcast/internal/access/auth"
	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
	"rowcast/internal/printer"
)

// maxInput is how much is read of a token on the standard input, in bytes.
const maxInput = 64 << 10

func (p *Program) tokenCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check <token>",
		Short: "Explain a token against the settings",
		Long: `Says whether a server with the same settings accepts a token, and if not why; what
the token gives, and which claims nothing looks at. Give - to read the token from the
standard input, so that nobody sees it among the processes. The token is not printed.
Whether it was revoked is not looked at: see rowcast revoke --list.

Ends with 0 if the token is accepted, and with 1 if not.`,
		Example: `  pbpaste | JWKS_URL=https://issuer.example/keys rowcast token check -
  rowcast token check "$TOKEN" --jwt-tenant-claim app_metadata.tenant_id`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return Usage("%s wants one token, or - to read it from the standard input", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(cmd.Flags(), p.Environ)
			if err != nil {
				return err
			}
			token, err := given(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			return p.check(cmd.Context(), cfg, token)
		},
	}
	bindAuth(cmd.Flags(), "JWT_LEEWAY")
	return cmd
}

// given is the token that was given, without what it is often copied with.
func given(argument string, input io.Reader) (string, error) {
	if argument == "-" {
		text, err := io.ReadAll(io.LimitReader(input, maxInput))
		if err != nil {
			return "", fmt.Errorf("read the token: %w", err)
		}
		argument = string(text)
	}
	token := strings.Trim(strings.TrimSpace(argument), `"'`)
	if scheme, rest, ok := strings.Cut(token, " "); ok && strings.EqualFold(scheme, "Bearer") {
		token = strings.TrimSpace(rest)
	}
	if token == "" {
		return "", Usage("there is no token to check")
	}
	return token, nil
}

// check explains a token.
func (p *Program) check(ctx context.Context, cfg config.Config, token string) error {
	verifier, err := auth.New(ctx, Auth(cfg, slog.New(slog.DiscardHandler)))
	if err != nil {
		return errcode.With(errcode.Usage, err)
	}
	e := verifier.Explain(ctx, token)
	w := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
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
		line("subject", "%s\tfrom %s", or(id.Subject, "none"), cfg.JWTSubjectClaim)
		line("tenants", "%s\tfrom %s", list(id.Tenants), cfg.JWTTenantClaim)
		line("roles", "%s\tfrom %s", list(id.Roles), cfg.JWTRoleClaim)
		line("not used", "%s", list(e.Unused))
	}
	verdict := "accepted"
	if e.Err != nil {
		verdict = "refused: " + printer.Visible(e.Err.Error())
	}
	line("verdict", "%s", verdict)
	for _, hint := range hints(e) {
		line("note", "%s", hint)
	}
	if err := w.Flush(); err != nil || e.Err == nil {
		return err
	}
	return Exit(1)
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
		all = append(all, "its claims would not do either: "+printer.Visible(e.ClaimErr.Error()))
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
	return printer.Visible(text)
}

// list shows texts one after the other.
func list(all []string) string {
	shown := make([]string, len(all))
	for i, text := range all {
		shown[i] = printer.Visible(text)
	}
	return or(strings.Join(shown, ", "), "none")
}
