package config_test

import (
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"rowcast/internal/operate/config"
)

// load binds the named settings (all when there is no name) and reads them.
func load(t *testing.T, args, environ []string, names ...string) (config.Config, error) {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.Bind(flags, names...)
	if err := flags.Parse(args); err != nil {
		t.Fatalf("parse %q: %v", args, err)
	}
	return config.Load(flags, environ)
}

func defaults() config.Config {
	return config.Config{
		Addr: ":8080", AdminAddr: "127.0.0.1:9090", Notify: "auto", Retention: 168 * time.Hour, BulkRows: 1000,
		MaxPerAddress: 20_000, MaxPerSubject: 20_000, MaxPerTenant: 100_000,
		PingInterval: 25 * time.Second, PingTimeout: 20 * time.Second, Recovery: "off", LogLevel: "info", RingMemory: 256 << 20,
		JWTTenantClaim: "tenant_id,tenantId,tenants", JWTSubjectClaim: "sub", JWTRoleClaim: "role", JWTLeeway: time.Minute,
	}
}

// differences compares field by field, since a Config hides its values when it is printed.
func differences(want, got config.Config) string {
	type open struct{ config.Config }
	return cmp.Diff(reveal(open{want}.Config), reveal(open{got}.Config))
}

func reveal(c config.Config) map[string]any {
	fields := map[string]any{}
	for f, v := range reflect.ValueOf(c).Fields() {
		if v.Kind() == reflect.String {
			fields[f.Name] = v.Convert(reflect.TypeFor[string]()).Interface()
			continue
		}
		fields[f.Name] = v.Interface()
	}
	return fields
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args, environ []string
		want          func(*config.Config)
	}{
		"nothing set": {want: func(*config.Config) {}},
		"empty means not set": {
			environ: []string{"DATABASE_URL=", "ADDR=", "ROWCAST_RETENTION= ", "PGHOST="},
			want:    func(*config.Config) {},
		},
		"everything by environment": {
			environ: []string{
				"DATABASE_URL=postgres://u:p@h/d", "LISTEN_DATABASE_URL=postgres://u:p@direct/d", "ADDR=0.0.0.0:80", "ADMIN_ADDR=[::1]:81",
				"JWT_SECRET= s ", "JWT_PUBLIC_KEY_FILE=/k.pem", "JWKS_URL=https://id/keys", "JWT_ISSUER=i", "JWT_AUDIENCE=a",
				"JWT_TENANT_CLAIM=https://app.example/tenant, o.id", "JWT_SUBJECT_CLAIM=oid,sub", "JWT_ROLE_CLAIM=cognito:groups", "JWT_LEEWAY=0s",
				"FRONTEND_URL=https://a", "ORIGIN=https://b, http://c:1", "ROWCAST_NOTIFY=never", "ROWCAST_RETENTION=1h30m",
				"ROWCAST_BULK_ROWS=1", "ROWCAST_PING_INTERVAL=50ms", "ROWCAST_PING_TIMEOUT=1ms", "ROWCAST_PG_BINDIR=/pg",
				"ROWCAST_SOCKETIO_RECOVERY=on", "ROWCAST_MAX_PER_ADDRESS=1", "ROWCAST_MAX_PER_SUBJECT=2", "ROWCAST_MAX_PER_TENANT=3",
				"ROWCAST_TRUSTED_PROXIES=10.0.0.1, fd00::/8", "ROWCAST_INSECURE=weak-secret, public-admin", "ROWCAST_LOG_LEVEL=debug",
				"ROWCAST_RING_MEMORY=1 gib",
			},
			want: func(c *config.Config) {
				*c = config.Config{
					DatabaseURL: "postgres://u:p@h/d", ListenDatabaseURL: "postgres://u:p@direct/d", Addr: "0.0.0.0:80", AdminAddr: "[::1]:81",
					JWTSecret: " s ", JWTPublicKeyFile: "/k.pem", JWKSURL: "https://id/keys", JWTIssuer: "i", JWTAudience: "a",
					FrontendURL: "https://a", Origin: "https://b, http://c:1", Notify: "never", Retention: 90 * time.Minute,
					BulkRows: 1, PingInterval: 50 * time.Millisecond, PingTimeout: time.Millisecond, PGBinDir: "/pg",
					JWTTenantClaim: "https://app.example/tenant, o.id", JWTSubjectClaim: "oid,sub", JWTRoleClaim: "cognito:groups",
					LogLevel: "debug", Recovery: "on", MaxPerAddress: 1, MaxPerSubject: 2, MaxPerTenant: 3,
					TrustedProxies: "10.0.0.1, fd00::/8", Insecure: "weak-secret, public-admin", RingMemory: 1 << 30,
				}
			},
		},
		"everything by flag": {
			args: []string{
				"--database-url=host=/tmp dbname=d", "--listen-database-url=host=direct", "--addr=localhost:0", "--admin-addr=:0",
				"--jwt-secret=s", "--jwt-public-key-file=k.pem", "--jwks-url=http://localhost/keys", "--jwt-issuer=i", "--jwt-audience=a",
				"--jwt-tenant-claim=t", "--jwt-subject-claim=s", "--jwt-role-claim=r", "--jwt-leeway=10m",
				"--frontend-url=https://a", "--origin=https://b", "--rowcast-notify=always", "--rowcast-retention=1h",
				"--rowcast-bulk-rows=2147483647", "--rowcast-ping-interval=1s", "--rowcast-ping-timeout=2s",
				"--rowcast-pg-bindir=pg", "--rowcast-socketio-recovery=on", "--rowcast-max-per-address=4", "--rowcast-max-per-subject=5",
				"--rowcast-max-per-tenant=6", "--rowcast-trusted-proxies=::1", "--rowcast-insecure=public-admin", "--rowcast-log-level=error",
				"--rowcast-ring-memory=1048576",
			},
			want: func(c *config.Config) {
				*c = config.Config{
					DatabaseURL: "host=/tmp dbname=d", ListenDatabaseURL: "host=direct", Addr: "localhost:0", AdminAddr: ":0",
					JWTSecret: "s", JWTPublicKeyFile: "k.pem", JWKSURL: "http://localhost/keys", JWTIssuer: "i", JWTAudience: "a",
					FrontendURL: "https://a", Origin: "https://b", Notify: "always", Retention: time.Hour,
					JWTTenantClaim: "t", JWTSubjectClaim: "s", JWTRoleClaim: "r", JWTLeeway: 10 * time.Minute,
					BulkRows: 2147483647, PingInterval: time.Second, PingTimeout: 2 * time.Second, PGBinDir: "pg",
					LogLevel: "error", Recovery: "on", MaxPerAddress: 4, MaxPerSubject: 5, MaxPerTenant: 6, TrustedProxies: "::1", Insecure: "public-admin",
					RingMemory: 1 << 20,
				}
			},
		},
		"a flag wins over the environment": {
			args: []string{"--rowcast-bulk-rows=7"}, environ: []string{"ROWCAST_BULK_ROWS=8"},
			want: func(c *config.Config) { c.BulkRows = 7 },
		},
		"a flag wins over a bad value in the environment": {
			args: []string{"--rowcast-bulk-rows=7"}, environ: []string{"ROWCAST_BULK_ROWS=none"},
			want: func(c *config.Config) { c.BulkRows = 7 },
		},
		"an empty flag brings the default back": {
			args: []string{"--jwt-issuer=", "--rowcast-bulk-rows="}, environ: []string{"JWT_ISSUER=i", "ROWCAST_BULK_ROWS=8"},
			want: func(*config.Config) {},
		},
		"blanks around values do not count": {
			environ: []string{"ROWCAST_NOTIFY= never\r"},
			want:    func(c *config.Config) { c.Notify = "never" },
		},
		"PORT":                        {environ: []string{"PORT=8081"}, want: func(c *config.Config) { c.Addr = ":8081" }},
		"PORT as a flag":              {args: []string{"--port=8081"}, want: func(c *config.Config) { c.Addr = ":8081" }},
		"ADDR wins over PORT":         {environ: []string{"PORT=8081", "ADDR=:8082"}, want: func(c *config.Config) { c.Addr = ":8082" }},
		"--addr wins over --port":     {args: []string{"--port=8081", "--addr=:8082"}, want: func(c *config.Config) { c.Addr = ":8082" }},
		"--addr wins over PORT":       {args: []string{"--addr=:8082"}, environ: []string{"PORT=8081"}, want: func(c *config.Config) { c.Addr = ":8082" }},
		"--port wins over ADDR":       {args: []string{"--port=8081"}, environ: []string{"ADDR=:8082"}, want: func(c *config.Config) { c.Addr = ":8081" }},
		"LISTEN follows DATABASE_URL": {environ: []string{"DATABASE_URL=postgres://h"}, want: func(c *config.Config) { c.DatabaseURL, c.ListenDatabaseURL = "postgres://h", "postgres://h" }},
		"PGHOST":                      {environ: []string{"PGHOST=/tmp"}, want: func(c *config.Config) { c.UsesPGEnv = true }},
		"PGSERVICE":                   {environ: []string{"PGSERVICE=s"}, want: func(c *config.Config) { c.UsesPGEnv = true }},
		"PGDATABASE":                  {environ: []string{"PGDATABASE=d"}, want: func(c *config.Config) { c.UsesPGEnv = true }},
		"PGPASSWORD names nothing":    {environ: []string{"PGPASSWORD=p", "PGAPPNAME=x"}, want: func(*config.Config) {}},
		"LISTEN beside PG*": {
			environ: []string{"PGHOST=pooler", "LISTEN_DATABASE_URL=host=direct"},
			want:    func(c *config.Config) { c.UsesPGEnv, c.ListenDatabaseURL = true, "host=direct" },
		},
		"DATABASE_URL wins over PG*": {
			environ: []string{"PGHOST=other", "DATABASE_URL=postgresql://h"},
			want:    func(c *config.Config) { c.DatabaseURL, c.ListenDatabaseURL = "postgresql://h", "postgresql://h" },
		},
		"service variables of Kubernetes": {
			environ: []string{
				"ROWCAST_SERVICE_HOST=10.0.0.1", "ROWCAST_SERVICE_PORT=80", "ROWCAST_SERVICE_PORT_HTTP=80", "ROWCAST_PORT=tcp://10.0.0.1:80",
				"ROWCAST_PORT_80_TCP=tcp://10.0.0.1:80", "ROWCAST_PORT_80_TCP_ADDR=10.0.0.1", "ROWCAST_ADMIN_PORT_9090_TCP_PROTO=tcp",
			},
			want: func(*config.Config) {},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := defaults()
			tc.want(&want)
			got, err := load(t, tc.args, tc.environ)
			if err != nil {
				t.Fatal(err)
			}
			if diff := differences(want, got); diff != "" {
				t.Errorf("config differs (-want +got):\n%s", diff)
			}
			if hasDatabase := want.DatabaseURL != "" || want.UsesPGEnv; got.HasDatabase() != hasDatabase {
				t.Errorf("HasDatabase() = %t", !hasDatabase)
			}
			if len(tc.args) > 0 {
				return
			}
			fromEnvironment, err := config.Load(nil, tc.environ)
			if diff := differences(want, fromEnvironment); diff != "" || err != nil {
				t.Errorf("without flags: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestLoadRefusesBadValues(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"DATABASE_URL":              {"mysql://h/d", "https://h", "h:5432/d", "DATABASE_URL=postgres://h", "mydb", "postgres://u@h:99999/d", "postgres://h:x/d", "postgres://h1,h2:0/d", "postgres://[::1]:x/d", "postgres://h?port=99999", "host=h port=x"},
		"ADDR":                      {"8080", "localhost", ":http", ":65536", ":-1", "http://h:80", "a:b:1", "[nonsense:]:1", "h:", "a b:1"},
		"PORT":                      {"x", "-1", "65536", ":80", "80.0"},
		"ADMIN_ADDR":                {"9090", "::1:9090"},
		"JWKS_URL":                  {"id.example.com/keys", "ftp://h/keys", "https://", "https:///keys", "https://h:x"},
		"JWT_PUBLIC_KEY_FILE":       {"a\x00b"},
		"JWT_TENANT_CLAIM":          {",", ", ,", "a\x00b", strings.Repeat("x", 256), "a,b\nc"},
		"JWT_SUBJECT_CLAIM":         {","},
		"JWT_ROLE_CLAIM":            {","},
		"JWT_LEEWAY":                {"60", "-1s", "11m", "1 minute"},
		"ROWCAST_LOG_LEVEL":         {"INFO", "warning", "0", "trace"},
		"FRONTEND_URL":              {"*", "app.example.com", "https://a,b", "ws://a"},
		"ORIGIN":                    {"null", "https://a,*"},
		"ROWCAST_NOTIFY":            {"on", "AUTO", "alwais"},
		"ROWCAST_RETENTION":         {"7 days", "7d", "0", "0s", "-1h", "168", "1us"},
		"ROWCAST_BULK_ROWS":         {"0", "-1", "1e3", "1.5", "2147483648", "many"},
		"ROWCAST_PING_INTERVAL":     {"25000", "0s", "597h", "24h1ms"},
		"ROWCAST_PING_TIMEOUT":      {"20", "-20s", "2562047h"},
		"ROWCAST_RING_MEMORY":       {"256", "1048575", "-1MiB", "1.5GiB", "lots", "MiB", "1TiB", "9999999999GiB", "1MiB1", "1 M iB"},
		"ROWCAST_SOCKETIO_RECOVERY": {"true", "1", "ON", "onn"},
	} {
		for _, value := range values {
			for source, read := range map[string]func() (config.Config, error){
				"environment": func() (config.Config, error) { return load(t, nil, []string{name + "=" + value}) },
				"flag":        func() (config.Config, error) { return load(t, []string{"--" + config.FlagName(name), value}, nil) },
			} {
				c, err := read()
				var invalid *config.InvalidError
				if !errors.As(err, &invalid) || len(invalid.Problems) != 1 {
					t.Errorf("%s=%q by %s: config %v, error %v; want one problem", name, value, source, c, err)
					continue
				}
				p := invalid.Problems[0]
				if p.Name != name || p.Source != source || p.Value != value || !strings.HasPrefix(p.Text, "want ") {
					t.Errorf("%s=%q by %s: problem %+v", name, value, source, p)
				}
			}
		}
	}
}

func TestLoadReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load(t,
		[]string{"--addr=8080", "--rowcast-notify=alway"},
		[]string{"ROWCAST_RETENTION=7 days", "ROWCAST_BULK_ROWS=0", "DATABASE_URL=mysql://root:hunter2@h/d", "ROWCAST_RETENTON=1h", "ADDR=:1"},
	)
	const want = `6 bad settings:
  DATABASE_URL="mysql://root:[redacted]@h/d" (environment): want a URL such as postgres://user:password@host:5432/name, or key=value pairs such as "host=/tmp dbname=name"; the scheme of the URL is not postgres
  --addr="8080" (flag): want host:port, or :port for all interfaces; for a port alone write :8080
  --rowcast-notify="alway" (flag): want auto, always or never; did you mean always?
  ROWCAST_RETENTION="7 days" (environment): want a duration of at least 1ms with its unit, such as 168h, 90m or 25s
  ROWCAST_BULK_ROWS="0" (environment): want a whole number from 1 to 2147483647
  ROWCAST_RETENTON="[redacted]" (environment): no such setting; did you mean ROWCAST_RETENTION?`
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("text differs (-want +got):\n%s", diff)
	}
}

func TestLoadRefusesUnknownVariables(t *testing.T) {
	t.Parallel()
	for variable, near := range map[string]string{
		"ROWCAST_NOTFY=never":        "ROWCAST_NOTIFY",
		"ROWCAST_DATABASE_URL=x":     "DATABASE_URL",
		"ROWCAST_PORT=8081":          "PORT",
		"ROWCAST_JWT_SECRET=hunter2": "JWT_SECRET",
		"ROWCAST_PGBINDIR=/pg":       "ROWCAST_PG_BINDIR",
		"ROWCAST_SOMETHING_ELSE=1":   "",
	} {
		_, err := load(t, nil, []string{variable, "OTHER_VARIABLE=1"})
		if err == nil {
			t.Errorf("%s: no error", variable)
			continue
		}
		if want := "did you mean " + near + "?"; near != "" && !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v; want it to end with %q", variable, err, want)
		}
		if near == "" && strings.Contains(err.Error(), "mean") {
			t.Errorf("%s: %v; nothing is near", variable, err)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v shows the value", variable, err)
		}
	}
}

func TestLoadRefusesSettingsThatContradict(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		environ []string
		problem string
	}{
		"LISTEN alone":               {[]string{"LISTEN_DATABASE_URL=host=h"}, "LISTEN_DATABASE_URL"},
		"same address":               {[]string{"ADDR=:1", "ADMIN_ADDR=:1"}, "ADMIN_ADDR"},
		"admin port taken by PORT":   {[]string{"PORT=9090"}, "PORT"},
		"admin port taken by ADDR":   {[]string{"ADDR=127.0.0.1:9090"}, "ADDR"},
		"admin everywhere":           {[]string{"ADDR=127.0.0.1:7", "ADMIN_ADDR=0.0.0.0:7"}, "ADMIN_ADDR"},
		"public port taken by admin": {[]string{"ADMIN_ADDR=127.0.0.1:8080"}, "ADMIN_ADDR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, nil, tc.environ)
			var invalid *config.InvalidError
			if !errors.As(err, &invalid) || len(invalid.Problems) != 1 || invalid.Problems[0].Name != tc.problem {
				t.Errorf("error %v; want one problem with %s", err, tc.problem)
			}
		})
	}
	if _, err := load(t, nil, []string{"ADDR=127.0.0.1:7", "ADMIN_ADDR=127.0.0.2:7"}); err != nil {
		t.Errorf("one port on two hosts: %v", err)
	}
}

func TestLoadReadsOnlyWhatIsBound(t *testing.T) {
	t.Parallel()
	environ := []string{"DATABASE_URL=postgres://h", "ROWCAST_RETENTION=nonsense", "ADDR=nonsense", "JWT_SECRET=s"}
	c, err := load(t, nil, environ, "DATABASE_URL", "ROWCAST_BULK_ROWS")
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.DatabaseURL, want.ListenDatabaseURL = "postgres://h", "postgres://h"
	if diff := differences(want, c); diff != "" {
		t.Errorf("config differs (-want +got):\n%s", diff)
	}

	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	config.Bind(flags, "DATABASE_URL", "ROWCAST_BULK_ROWS")
	var names []string
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if slices.Sort(names); !slices.Equal(names, []string{"database-url", "rowcast-bulk-rows"}) {
		t.Errorf("flags %q", names)
	}
}

func TestBindRefusesUnknownNames(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	config.Bind(pflag.NewFlagSet("test", pflag.ContinueOnError), "DATABASE")
}

// TestLevel: each word is the level of its name.
func TestLevel(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError, "": slog.LevelInfo,
	} {
		c, err := load(t, nil, []string{"ROWCAST_LOG_LEVEL=" + word})
		if err != nil || c.Level() != want {
			t.Errorf("%q is %v, %v; want %v", word, c.Level(), err, want)
		}
	}
}
