package config

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config is what the settings say, checked.
type Config struct {
	// DatabaseURL is empty when no database was named by it; see HasDatabase.
	DatabaseURL string `env:"DATABASE_URL"`
	// ListenDatabaseURL is DatabaseURL unless it was set.
	ListenDatabaseURL string `env:"LISTEN_DATABASE_URL"`
	// UsesPGEnv is true when PGHOST or another PG* variable names a database
	// and DATABASE_URL does not. An empty DatabaseURL then means that database.
	UsesPGEnv bool

	// Addr is where the public listener binds, host:port.
	Addr string `env:"ADDR"`
	// AdminAddr is where the listener for operators binds, host:port.
	AdminAddr string `env:"ADMIN_ADDR"`

	JWTSecret        Secret `env:"JWT_SECRET"`
	JWTPublicKeyFile string `env:"JWT_PUBLIC_KEY_FILE"`
	JWKSURL          string `env:"JWKS_URL"`
	JWTIssuer        string `env:"JWT_ISSUER"`
	JWTAudience      string `env:"JWT_AUDIENCE"`
	// JWTTenantClaim, JWTSubjectClaim and JWTRoleClaim are comma-separated names or
	// paths of claims.
	JWTTenantClaim  string        `env:"JWT_TENANT_CLAIM"`
	JWTSubjectClaim string        `env:"JWT_SUBJECT_CLAIM"`
	JWTRoleClaim    string        `env:"JWT_ROLE_CLAIM"`
	JWTLeeway       time.Duration `env:"JWT_LEEWAY"`

	// FrontendURL and Origin are comma-separated lists of browser origins.
	FrontendURL string `env:"FRONTEND_URL"`
	Origin      string `env:"ORIGIN"`

	// Notify is "auto", "always" or "never".
	Notify       string        `env:"ROWCAST_NOTIFY"`
	Retention    time.Duration `env:"ROWCAST_RETENTION"`
	BulkRows     int           `env:"ROWCAST_BULK_ROWS"`
	PingInterval time.Duration `env:"ROWCAST_PING_INTERVAL"`
	PingTimeout  time.Duration `env:"ROWCAST_PING_TIMEOUT"`
	// Recovery is "on" or "off": connection state recovery of Socket.IO.
	Recovery string `env:"ROWCAST_SOCKETIO_RECOVERY"`
	// MaxPerAddress, MaxPerSubject and MaxPerTenant bound connections.
	MaxPerAddress int `env:"ROWCAST_MAX_PER_ADDRESS"`
	MaxPerSubject int `env:"ROWCAST_MAX_PER_SUBJECT"`
	MaxPerTenant  int `env:"ROWCAST_MAX_PER_TENANT"`
	// RingMemory bounds the memory for recent events.
	RingMemory Size `env:"ROWCAST_RING_MEMORY"`
	// TrustedProxies is a comma-separated list of addresses and networks.
	TrustedProxies string `env:"ROWCAST_TRUSTED_PROXIES"`
	// Insecure is a comma-separated list of codes of risks.
	Insecure string `env:"ROWCAST_INSECURE"`
	// LogLevel is "debug", "info", "warn" or "error".
	LogLevel string `env:"ROWCAST_LOG_LEVEL"`
	PGBinDir string `env:"ROWCAST_PG_BINDIR"`
}

// Proxies are the networks of TrustedProxies.
func (c Config) Proxies() []netip.Prefix {
	networks, _ := parseNetworks(c.TrustedProxies) // Load has checked it
	return networks
}

// Hosts are the names in Addr, FrontendURL and Origin: those that browsers may know
// the public listener by.
func (c Config) Hosts() []string {
	hosts := []string{}
	if host, _, err := net.SplitHostPort(c.Addr); err == nil && host != "" {
		hosts = append(hosts, strings.ToLower(host))
	}
	for part := range strings.SplitSeq(c.FrontendURL+","+c.Origin, ",") {
		if u, err := url.Parse(strings.TrimSpace(part)); err == nil && u.Hostname() != "" {
			hosts = append(hosts, strings.ToLower(u.Hostname()))
		}
	}
	return slices.DeleteFunc(hosts, func(host string) bool {
		ip, err := netip.ParseAddr(host)
		return err == nil && ip.IsUnspecified()
	})
}

// Level is that of LogLevel.
func (c Config) Level() (level slog.Level) {
	_ = level.UnmarshalText([]byte(c.LogLevel)) // Load has checked it
	return level
}

// HasDatabase says whether the settings name a database. If not, the program
// runs one of its own.
func (c Config) HasDatabase() bool { return c.DatabaseURL != "" || c.UsesPGEnv }

// DatabaseName says where the database is, without passwords.
func (c Config) DatabaseName() string {
	if c.UsesPGEnv {
		return "PG* variables"
	}
	return RedactURL(c.DatabaseURL)
}

// LogValue shows the config without its secrets.
func (c Config) LogValue() slog.Value {
	database := RedactURL(c.DatabaseURL)
	if c.UsesPGEnv {
		database = "from PG* variables"
	}
	return slog.GroupValue(
		slog.String("database_url", cmp.Or(database, "embedded")),
		slog.String("listen_database_url", RedactURL(c.ListenDatabaseURL)),
		slog.String("addr", c.Addr),
		slog.String("admin_addr", c.AdminAddr),
		slog.Any("jwt_secret", c.JWTSecret),
		slog.String("jwt_public_key_file", c.JWTPublicKeyFile),
		slog.String("jwks_url", RedactURL(c.JWKSURL)),
		slog.String("jwt_issuer", RedactURL(c.JWTIssuer)),
		slog.String("jwt_audience", c.JWTAudience),
		slog.String("jwt_tenant_claim", c.JWTTenantClaim),
		slog.String("jwt_subject_claim", c.JWTSubjectClaim),
		slog.String("jwt_role_claim", c.JWTRoleClaim),
		slog.Duration("jwt_leeway", c.JWTLeeway),
		slog.String("frontend_url", RedactURL(c.FrontendURL)),
		slog.String("origin", RedactURL(c.Origin)),
		slog.String("notify", c.Notify),
		slog.Duration("retention", c.Retention),
		slog.Int("bulk_rows", c.BulkRows),
		slog.Duration("ping_interval", c.PingInterval),
		slog.Duration("ping_timeout", c.PingTimeout),
		slog.String("socketio_recovery", c.Recovery),
		slog.Int("max_per_address", c.MaxPerAddress),
		slog.Int("max_per_subject", c.MaxPerSubject),
		slog.Int("max_per_tenant", c.MaxPerTenant),
		slog.Int64("ring_memory", int64(c.RingMemory)),
		slog.String("trusted_proxies", c.TrustedProxies),
		slog.String("insecure", c.Insecure),
		slog.String("log_level", c.LogLevel),
		slog.String("pg_bindir", c.PGBinDir),
	)
}

// Format prints what LogValue shows, whatever the verb.
func (c Config) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, c.LogValue().Resolve().String())
}

// MarshalText returns what LogValue shows; JSON encodes it as a string.
func (c Config) MarshalText() ([]byte, error) {
	return []byte(c.LogValue().Resolve().String()), nil
}
