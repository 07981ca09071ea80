package service

import (
	"log/slog"

	"rowcast/internal/access/auth"
	"rowcast/internal/operate/config"
)

// AuthOptions are what the settings say about tokens.
func AuthOptions(cfg config.Config, log *slog.Logger) auth.Options {
	return auth.Options{
		Secret: []byte(cfg.JWTSecret), PublicKeyFile: cfg.JWTPublicKeyFile, JWKSURL: cfg.JWKSURL,
		Issuer: cfg.JWTIssuer, Audience: cfg.JWTAudience,
		Claims: auth.ClaimNames{Tenant: cfg.JWTTenantClaim, Subject: cfg.JWTSubjectClaim, Role: cfg.JWTRoleClaim}, Leeway: cfg.JWTLeeway, Log: log,
	}
}
