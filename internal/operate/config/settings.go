package config

import "strings"

// Setting describes one setting.
type Setting struct {
	// Name is the environment variable.
	Name string
	// Flag is the flag, without dashes.
	Flag string
	// Meaning is what the setting does, as a phrase.
	Meaning string
	// Default is the value that holds when the setting is not set, if there
	// is one.
	Default string
	// Otherwise says what happens without a value when there is no Default.
	Otherwise string
	// Secret is true when the value must not be shown.
	Secret bool

	kind kind
}

// DefaultText is what the reader of a table wants to see as the default.
func (s Setting) DefaultText() string {
	if s.Default != "" {
		return s.Default
	}
	return s.Otherwise
}

// FlagName is the rule that derives a flag from an environment variable:
// DATABASE_URL has the flag --database-url.
func FlagName(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", "-"))
}

// Settings is the table of all settings, in the order of the documentation.
func Settings() []Setting {
	all := []Setting{
		{
			Name: "DATABASE_URL", kind: databaseURL, Otherwise: "embedded PostgreSQL",
			Meaning: "PostgreSQL to follow, as a URL or key=value string; PG* variables work too",
		},
		{
			Name: "LISTEN_DATABASE_URL", kind: databaseURL, Otherwise: "DATABASE_URL",
			Meaning: "direct connection for LISTEN when the other goes through a pooler",
		},
		{
			Name: "ADDR", kind: address, Default: ":8080",
			Meaning: "public listener",
		},
		{
			Name: "PORT", kind: port, Otherwise: "the port of ADDR",
			Meaning: "port of the public listener on all interfaces; ADDR wins over it",
		},
		{
			Name: "ADMIN_ADDR", kind: address, Default: "127.0.0.1:9090",
			Meaning: "listener for operators: health, status, metrics and profiles",
		},
		{
			Name: "JWT_SECRET", kind: text, Secret: true, Otherwise: "no HS tokens",
			Meaning: "secret that signs HS256, HS384 and HS512 tokens; the variable is safer than the flag, which other users of the machine can see",
		},
		{
			Name: "JWT_PUBLIC_KEY_FILE", kind: path, Otherwise: "no key file",
			Meaning: "PEM file with the public key of RS, PS, ES or EdDSA tokens",
		},
		{
			Name: "JWKS_URL", kind: webURL, Otherwise: "no key set",
			Meaning: "key set of the token issuer, https unless on this machine",
		},
		{
			Name: "JWT_ISSUER", kind: text, Otherwise: "not checked",
			Meaning: "issuer (iss) that tokens must have",
		},
		{
			Name: "JWT_AUDIENCE", kind: text, Otherwise: "not checked",
			Meaning: "audience (aud) that tokens must have",
		},
		{
			Name: "JWT_TENANT_CLAIM", kind: claims, Default: "tenant_id,tenantId,tenants",
			Meaning: "claims that name the tenants of a token, by name or path, comma-separated; all count",
		},
		{
			Name: "JWT_SUBJECT_CLAIM", kind: claims, Default: "sub",
			Meaning: "claims that name who a token stands for, by name or path, comma-separated; the first that is there counts",
		},
		{
			Name: "JWT_ROLE_CLAIM", kind: claims, Default: "role",
			Meaning: "claims that name the roles of a token, by name or path, comma-separated; all count",
		},
		{
			Name: "JWT_LEEWAY", kind: leeway, Default: "60s",
			Meaning: "how far the clock of the issuer may be ahead, in iat and nbf; exp has no leeway",
		},
		{
			Name: "FRONTEND_URL", kind: origins, Otherwise: "same origin only",
			Meaning: "allowed browser origins, comma-separated",
		},
		{
			Name: "ORIGIN", kind: origins, Otherwise: "same origin only",
			Meaning: "more allowed browser origins, comma-separated; FRONTEND_URL counts too",
		},
		{
			Name: "ROWCAST_NOTIFY", kind: notify, Default: "auto",
			Meaning: "when writers use NOTIFY: auto, always or never",
		},
		{
			Name: "ROWCAST_RETENTION", kind: duration, Default: "168h",
			Meaning: "how long the log is kept",
		},
		{
			Name: "ROWCAST_BULK_ROWS", kind: count, Default: "1000",
			Meaning: "more rows than this of one table, operation and tenant in one statement become one bulk event",
		},
		{
			Name: "ROWCAST_PING_INTERVAL", kind: heartbeat, Default: "25s",
			Meaning: "time between two heartbeats of a connection",
		},
		{
			Name: "ROWCAST_PING_TIMEOUT", kind: heartbeat, Default: "20s",
			Meaning: "how long a client may take to answer a heartbeat",
		},
		{
			Name: "ROWCAST_SOCKETIO_RECOVERY", kind: toggle, Default: "off",
			Meaning: "whether Socket.IO clients get what they missed by connection state recovery; events then end with an offset",
		},
		{
			Name: "ROWCAST_MAX_PER_ADDRESS", kind: connections, Default: "20000",
			Meaning: "connections at once from one public address, and twenty seconds' worth of its handshakes",
		},
		{
			Name: "ROWCAST_MAX_PER_SUBJECT", kind: connections, Default: "20000",
			Meaning: "connections at once of one subject",
		},
		{
			Name: "ROWCAST_MAX_PER_TENANT", kind: connections, Default: "100000",
			Meaning: "connections at once that have joined one tenant",
		},
		{
			Name: "ROWCAST_RING_MEMORY", kind: size, Default: "256MiB",
			Meaning: "memory for recent events, of all tenants together; what is older comes from the database",
		},
		{
			Name: "ROWCAST_TRUSTED_PROXIES", kind: networks, Otherwise: "none",
			Meaning: "addresses and networks of proxies whose X-Forwarded-For names the client, comma-separated",
		},
		{
			Name: "ROWCAST_INSECURE", kind: risks, Otherwise: "nothing",
			Meaning: "what serve does although it is not safe off this machine, comma-separated: " + strings.Join(riskCodes(), ", "),
		},
		{
			Name: "ROWCAST_LOG_LEVEL", kind: level, Default: "info",
			Meaning: "what serve logs at least: debug, info, warn or error",
		},
		{
			Name: "ROWCAST_PG_BINDIR", kind: path, Otherwise: "PATH, pg_config and the usual directories",
			Meaning: "directory with the PostgreSQL binaries for the embedded database",
		},
	}
	for i := range all {
		all[i].Flag = FlagName(all[i].Name)
	}
	return all
}
