package command

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rowcast/internal/access/auth"
	"rowcast/internal/command/program"
	"rowcast/internal/errcode"
	"rowcast/internal/operate/config"
	"rowcast/internal/service"
)

func (p *commands) token() *cobra.Command {
	var (
		claims auth.MintClaims
		ttl    time.Duration
	)
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Mint a development token, or check one",
		Long: `Mints a token signed with JWT_SECRET, for development and tests. A server that
verifies with public keys only cannot be given such a token: its issuer has the
private key.`,
		Example: `  JWT_SECRET=… rowcast token --tenant acme
  JWT_SECRET=… rowcast token --tenant acme --tenant borealis --subject ci --ttl 10m
  JWT_SECRET=… rowcast token check "$TOKEN"`,
		Args: program.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(cmd.Flags(), p.Environ)
			if err != nil {
				return err
			}
			switch {
			case cfg.JWTSecret == "" && (cfg.JWTPublicKeyFile != "" || cfg.JWKSURL != ""):
				return program.Usage("only public keys are configured, which verify tokens but cannot sign them; ask the issuer for a token")
			case cfg.JWTSecret == "":
				return program.Usage("token needs the secret that the server verifies with: set JWT_SECRET")
			}
			claims.Issuer, claims.Audience, claims.Claims = cfg.JWTIssuer, cfg.JWTAudience, service.AuthOptions(cfg, nil).Claims
			text, err := auth.Mint([]byte(cfg.JWTSecret), claims, ttl)
			if err != nil {
				return errcode.Misuse(err)
			}
			_, err = fmt.Fprintln(p.Stdout, text)
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&claims.Tenants, "tenant", nil, "tenant that the token may join; repeat for more")
	flags.StringVar(&claims.Subject, "subject", "developer", "who the token stands for (sub)")
	flags.StringVar(&claims.Name, "name", "", "name of the person")
	flags.StringVar(&claims.Role, "role", "", "role of the person")
	flags.DurationVar(&ttl, "ttl", time.Hour, "how long the token is good")
	bindAuth(flags)
	cmd.AddCommand(p.tokenCheck())
	return cmd
}

// bindAuth binds the flags of the settings about tokens.
func bindAuth(flags *pflag.FlagSet, more ...string) {
	config.Bind(flags, append(more, "JWT_SECRET", "JWT_PUBLIC_KEY_FILE", "JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE",
		"JWT_TENANT_CLAIM", "JWT_SUBJECT_CLAIM", "JWT_ROLE_CLAIM")...)
}
