package config_test

import (
	"errors"
	"strings"
	"testing"

	"rowcast/internal/operate/config"
)

const strong = "k3J9v0Qm1xZr8LtW5uYb2NcHs7Df4GpA"

func TestRisks(t *testing.T) {
	t.Parallel()
	for environ, want := range map[string]string{ // the risks, by setting and code
		"":                                                             "",
		"JWT_SECRET=" + strong:                                         "",
		"JWT_SECRET=secret":                                            "JWT_SECRET weak-secret",
		"JWT_SECRET=" + strings.Repeat("x", 64):                        "JWT_SECRET weak-secret",
		"JWT_SECRET=" + strong[:31]:                                    "JWT_SECRET weak-secret",
		"JWT_SECRET=secret ADDR=127.0.0.1:1":                           "",
		"JWT_SECRET=secret ADDR=[::1]:1":                               "",
		"JWT_SECRET=secret ADDR=localhost:1":                           "",
		"JWT_SECRET=secret ADDR=10.0.0.1:1":                            "JWT_SECRET weak-secret",
		"JWT_SECRET=secret ADDR=localhost.example.com:1":               "JWT_SECRET weak-secret",
		"JWT_SECRET=secret PORT=80":                                    "JWT_SECRET weak-secret",
		"JWT_SECRET=secret ROWCAST_INSECURE=weak-secret":               "",
		"JWT_SECRET=secret ROWCAST_INSECURE=public-admin":              "JWT_SECRET weak-secret",
		"ADMIN_ADDR=:9090":                                             "ADMIN_ADDR public-admin",
		"ADMIN_ADDR=0.0.0.0:9090":                                      "ADMIN_ADDR public-admin",
		"ADMIN_ADDR=[::]:9090":                                         "ADMIN_ADDR public-admin",
		"ADMIN_ADDR=203.0.113.7:9090":                                  "ADMIN_ADDR public-admin",
		"ADMIN_ADDR=host.example:9090":                                 "ADMIN_ADDR public-admin",
		"ADMIN_ADDR=:9090 ADDR=127.0.0.1:1":                            "ADMIN_ADDR public-admin",
		"ADMIN_ADDR=10.1.2.3:9090":                                     "",
		"ADMIN_ADDR=[fd00::1]:9090":                                    "",
		"ADMIN_ADDR=localhost:9090":                                    "",
		"ADMIN_ADDR=:9090 ROWCAST_INSECURE=public-admin":               "",
		"FRONTEND_URL=http://app.example.com":                          "FRONTEND_URL clear-origin",
		"ORIGIN=https://a.example.com,http://b.example.com":            "ORIGIN clear-origin",
		"ORIGIN=http://203.0.113.7":                                    "ORIGIN clear-origin",
		"ORIGIN=http://localhost.example.com":                          "ORIGIN clear-origin",
		"ORIGIN=http://localhost:3000,http://127.0.0.1:5173":           "",
		"ORIGIN=http://app.localhost,http://app.test":                  "",
		"ORIGIN=http://192.168.1.7:3000,http://intranet":               "",
		"ORIGIN=http://a.example ADDR=127.0.0.1:1":                     "",
		"ORIGIN=http://a.example ROWCAST_INSECURE=clear-origin":        "",
		"DATABASE_URL=postgres://u:p@db.example.com/d?sslmode=disable": "DATABASE_URL clear-database LISTEN_DATABASE_URL clear-database",
		"DATABASE_URL=postgres://u:p@203.0.113.7/d?sslmode=disable LISTEN_DATABASE_URL=postgres://u:p@db/d": "DATABASE_URL clear-database",
		"DATABASE_URL=postgres://u:p@db.example.com/d":                                                      "",
		"DATABASE_URL=postgres://u:p@db/d?sslmode=disable":                                                  "",
		"DATABASE_URL=postgres://u:p@127.0.0.1/d?sslmode=disable":                                           "",
		"DATABASE_URL=postgres:///d?host=/tmp&sslmode=disable":                                              "",
		"JWT_SECRET=secret ADMIN_ADDR=:9090 ORIGIN=http://a.example FRONTEND_URL=http://b.example":          "ADMIN_ADDR public-admin JWT_SECRET weak-secret FRONTEND_URL clear-origin ORIGIN clear-origin",
	} {
		cfg, err := config.Load(nil, strings.Fields(environ))
		if err != nil {
			t.Errorf("%s: %v", environ, err)
			continue
		}
		var got []string
		risky, ok := errors.AsType[*config.RiskError](cfg.Risky())
		if ok {
			for _, r := range risky.Risks {
				got = append(got, r.Problem.Name, r.Code)
			}
			text := risky.Error()
			for _, r := range risky.Risks {
				for _, part := range []string{r.Problem.Name + "=", r.Problem.Text, "--rowcast-insecure", r.Code, "ROWCAST_INSECURE"} {
					if !strings.Contains(text, part) {
						t.Errorf("%s: the error does not say %q:\n%s", environ, part, text)
					}
				}
			}
			if strings.Contains(text, "u:p@") || strings.Contains(text, `"secret"`) || strings.Contains(text, strong[:31]) {
				t.Errorf("%s: the error shows a secret:\n%s", environ, text)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: risks are %q; want %q", environ, got, want)
		}
	}
	for value, says := range map[string]string{"weak-secrets": "did you mean weak-secret?", "all": "want weak-secret, public-admin"} {
		if _, err := config.Load(nil, []string{"ROWCAST_INSECURE=" + value}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("ROWCAST_INSECURE=%s: %v; want %q", value, err, says)
		}
	}
	for _, value := range []string{"10.0.0.0/33", "proxy.example", "10.0.0.1,,x", "fe80::1%eth0"} {
		if _, err := config.Load(nil, []string{"ROWCAST_TRUSTED_PROXIES=" + value}); err == nil {
			t.Errorf("ROWCAST_TRUSTED_PROXIES=%s is taken", value)
		}
	}
}
