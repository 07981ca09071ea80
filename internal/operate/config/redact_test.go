package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rowcast/internal/operate/config"
)

func TestRedactURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                   "",
		"postgres://h/d":     "postgres://h/d",
		"postgres://u@h:1/d": "postgres://u@h:1/d",
		"postgres://u:hunter2@h:1,i:2/d?sslmode=off":                      "postgres://u:[redacted]@h:1,i:2/d?sslmode=off",
		"postgres://u:hunter2@x/@y?#@h/d":                                 "postgres://u:[redacted]@h/d",
		"postgres://h/d?user=u&password=hunter2&a=b":                      "postgres://h/d?user=u&password=[redacted]&a=b",
		"postgres://h/d?sslpassword=hunter2":                              "postgres://h/d?sslpassword=[redacted]",
		"https://client:hunter2@id.example.com/keys":                      "https://[redacted]@id.example.com/keys",
		"https://hunter2@id.example.com/keys":                             "https://[redacted]@id.example.com/keys",
		"https://id.example.com/keys?key=hunter2&v=1#hunter2":             "https://id.example.com/keys?[redacted]",
		"https://id.example.com/keys?hunter2":                             "https://id.example.com/keys?[redacted]",
		"https://id.example.com/keys#hunter2":                             "https://id.example.com/keys#[redacted]",
		"HTTPS://u:a?b@id.example.com/keys?sig=hunter2@h":                 "HTTPS://[redacted]",
		"https://a.example,https://b.example?k=hunter2,https://c.example": "https://a.example,https://b.example?[redacted]",
		"postgres://h/d?sslkey=/k&oauth_client_secret=hunter2&a=b":        "postgres://h/d?sslkey=/k&oauth_client_secret=[redacted]&a=b",
		"postgres://h/d?app.api_key=hunter2":                              "postgres://h/d?app.api_key=[redacted]",
		"host=h oauth_client_secret='hunter2 x' dbname=d":                 "host=h oauth_client_secret=[redacted] dbname=d",
		"host=h password=hunter2 dbname=d":                                "host=h password=[redacted] dbname=d",
		"PASSWORD = 'hunter2 \\' x' host=h":                               "PASSWORD = [redacted] host=h",
		"password='hunter2 never closed":                                  "password=[redacted]",
		"password=hunter2\\ hunter2 host=h":                               "password=[redacted] host=h",
		"password=hunter2://x host=h":                                     "password=[redacted] host=h",
		"sslpassword=hunter2":                                             "sslpassword=[redacted]",
		"u:hunter2@h/d":                                                   "[redacted]@h/d",
		"DATABASE_URL=postgres://u:hunter2@h/d":                           "DATABASE_URL=postgres://[redacted]@h/d",
		"localhost:5432/d":                                                "localhost:5432/d",
	} {
		if got := config.RedactURL(text); got != want {
			t.Errorf("RedactURL(%q) = %q, want %q", text, got, want)
		}
	}
}

// Whatever characters the password holds, and whether or not they are escaped
// as they should be, the password does not show.
func TestRedactURLHidesAnyPassword(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		password := "hunter2" + rapid.StringMatching(`[ -~]{0,12}`).Draw(t, "tail") + "hunter3"
		for _, text := range []string{
			"postgres://u:" + password + "@h/d?sslmode=disable",
			"postgres://u:" + password + "@h1:1,h2:2/d",
		} {
			if got := config.RedactURL(text); strings.Contains(got, "hunter") {
				t.Fatalf("RedactURL(%q) = %q", text, got)
			}
		}
		for _, text := range []string{"https://h/keys?" + password, "https://h/keys?key=" + password, "https://h:1/keys?a=b&key=" + password + "&c=d", "https://" + password + "@h/keys"} {
			if got := config.RedactURL(text); strings.Contains(got, "hunter") {
				t.Fatalf("RedactURL(%q) = %q", text, got)
			}
		}
		escaped := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password)
		if got := config.RedactURL("host=h password='" + escaped + "' dbname=d"); strings.Contains(got, "hunter") {
			t.Fatalf("password %q shows in %q", password, got)
		}
	})
}

func TestNothingPrintsSecrets(t *testing.T) {
	t.Parallel()
	environ := []string{
		"JWT_SECRET=hunter2", "DATABASE_URL=postgres://u:hunter2@h/d", "LISTEN_DATABASE_URL=host=h password=hunter2", "JWKS_URL=https://u:hunter2@id/keys?key=hunter2#hunter2",
		"FRONTEND_URL=https://hunter2@app.example", "ORIGIN=https://app.example?hunter2", "JWT_ISSUER=https://id.example/?key=hunter2",
	}
	c, err := config.Load(nil, environ)
	if err != nil {
		t.Fatal(err)
	}
	if string(c.JWTSecret) != "hunter2" || !strings.Contains(c.DatabaseURL, "hunter2") {
		t.Fatal("the values are not there to be hidden")
	}
	_, err = config.Load(nil, append(environ, "ROWCAST_NOTIFY=x", "ROWCAST_JWT_SECRET=hunter2", "JWKS_URL=ftp://u:hunter2@h"))
	if err == nil {
		t.Fatal("no error")
	}

	values, err2 := config.Values(nil, environ)
	if err2 != nil {
		t.Fatal(err2)
	}
	outputs := map[string]string{"values": fmt.Sprint(values), "error": err.Error(), "problems": fmt.Sprintf("%+v %#v", err, err)}
	for _, value := range []any{c, &c, c.JWTSecret, &c.JWTSecret, []config.Secret{c.JWTSecret}, map[string]any{"k": c}, struct{ S config.Secret }{c.JWTSecret}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
			outputs[fmt.Sprintf("%T %s", value, verb)] = fmt.Sprintf(verb, value)
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		outputs[fmt.Sprintf("%T json", value)] = string(encoded)
		var text, object bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("value", "value", value)
		slog.New(slog.NewJSONHandler(&object, nil)).Info("value", "value", value)
		outputs[fmt.Sprintf("%T log", value)] = text.String() + object.String()
	}
	for how, output := range outputs {
		for _, canary := range []string{"hunter2", "68756e74657232", "68756E74657232"} {
			if strings.Contains(output, canary) {
				t.Errorf("%s shows the secret: %s", how, output)
			}
		}
	}
	if s := c.JWTSecret.String(); s != "[redacted]" || config.Secret("").String() != "" {
		t.Errorf("String() = %q", s)
	}
	if got := fmt.Sprint(c); !strings.Contains(got, "postgres://u:[redacted]@h/d") || !strings.Contains(got, "retention=168h0m0s") {
		t.Errorf("a config prints as %s", got)
	}
}
