package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"rowcast/internal/command"
	"rowcast/internal/command/program"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/test/servetest"
)

// TestTokenCheck: the command ends as a server decides, says why, and shows no part
// of the token.
func TestTokenCheck(t *testing.T) {
	t.Parallel()
	sign := func(method jwt.SigningMethod, key any, claims jwt.MapClaims) string {
		if _, ok := claims["exp"]; !ok {
			claims["exp"] = time.Now().Add(90 * time.Minute).Unix()
		}
		text, err := jwt.NewWithClaims(method, claims).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	good := sign(jwt.SigningMethodHS384, []byte(secret), jwt.MapClaims{"sub": 7, "tenants": []any{"acme", 42}, "role": "clerk", "azp": "web"})
	i := newIssuer(t)
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"keys":[]}`) }))
	defer keys.Close()
	left := regexp.MustCompile(`, in [0-9hms]+`) // how long it is valid depends on when one asks
	for name, test := range map[string]struct {
		token   string
		environ []string
		code    int
		says    []string
	}{
		"accepted":       {good, nil, 0, []string{"HS384", "subject    7", "tenants    acme, 42", "roles      clerk", "not used   azp", "verdict    accepted", "in 1h"}},
		"as it is found": {" \"Bearer " + good + "\"\n", nil, 0, []string{"verdict    accepted"}},
		"other secret": {
			good,
			[]string{"JWT_SECRET=" + strings.Repeat("x", 32)},
			1,
			[]string{"nobody vouches", "acme", "refused: token could not be verified", "JWT_SECRET: token signature is invalid"},
		},
		"other claim": {
			good,
			[]string{"JWT_TENANT_CLAIM=org_id,o.id"},
			0,
			[]string{"tenants    none", "from org_id,o.id", "joins nothing", "these may: tenants"},
		},
		"where the tenant may be": {
			sign(jwt.SigningMethodHS256, []byte(secret), jwt.MapClaims{"app_metadata": map[string]any{"tenant_id": "acme"}, "o": 1, "org": map[string]any{"id": "x"}}),
			nil, 0,
			[]string{"these may: app_metadata.tenant_id, org.id", "no subject"},
		},
		"issuer": {good, []string{"JWT_ISSUER=https://id.example"}, 1, []string{"refused: claim iss is missing"}},
		"expired": {
			sign(jwt.SigningMethodHS256, []byte(secret), jwt.MapClaims{"exp": 1}), nil, 1, []string{"1970-01-01T00:00:01Z", "days ago", "refused: token has expired"},
		},
		"early": {
			sign(jwt.SigningMethodHS256, []byte(secret), jwt.MapClaims{"nbf": time.Now().Unix() + 600}), nil, 1, []string{"refused: claim nbf is a little ahead"},
		},
		"early, with leeway": {
			sign(jwt.SigningMethodHS256, []byte(secret), jwt.MapClaims{"nbf": time.Now().Unix() + 600}), []string{"JWT_LEEWAY=10m"}, 0, []string{"accepted"},
		},
		"algorithm":  {i.token(t, "acme"), nil, 1, []string{"EdDSA", "key (kid)  one", "nothing here verifies this algorithm; there is JWT_SECRET (HS256, HS384, HS512)"}},
		"no keys":    {i.token(t, "acme"), []string{"JWT_SECRET=", "JWKS_URL=" + keys.URL}, 1, []string{"refused: tokens cannot be checked", "clients come back"}},
		"opaque":     {"ya29.a0AfH6SMC", nil, 1, []string{"it is of 2 parts and not of three", "algorithm  none"}},
		"encrypted":  {"a.b.c.d.e", nil, 1, []string{"five parts, as an encrypted token"}},
		"escapes":    {sign(jwt.SigningMethodHS256, []byte(secret), jwt.MapClaims{"tenant_id": "T", "\x1b[31m": 1}), nil, 0, []string{"not used   \ufffd[31m"}},
		"no setting": {good, []string{"JWT_SECRET="}, 2, []string{"nothing to verify tokens with"}},
		"nothing":    {" ", nil, 2, []string{"there is no token to check"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ := append([]string{"JWT_SECRET=" + secret}, test.environ...)
			code, stdout, stderr := rowcast(t, environ, "token", "check", test.token)
			for _, says := range test.says {
				if code != test.code || !strings.Contains(stdout+stderr, says) {
					t.Errorf("exit %d, want %d and %q:\n%s%s", code, test.code, says, stdout, stderr)
				}
			}
			for part := range strings.SplitSeq(strings.TrimSpace(test.token), ".") {
				if len(part) > 10 && strings.Contains(stdout+stderr, part) {
					t.Errorf("a part of the token is printed:\n%s%s", stdout, stderr)
				}
			}
			var piped bytes.Buffer
			root := command.New(&program.Program{Environ: environ, Stdout: &piped, Stderr: new(bytes.Buffer)})
			root.SetIn(strings.NewReader(test.token))
			root.SetArgs([]string{"token", "check", "-"})
			if err := root.ExecuteContext(t.Context()); (err == nil) != (test.code == 0) {
				t.Errorf("from the standard input: %v", err)
			} else if exit, ok := err.(program.Exit); (ok && int(exit) != test.code) || left.ReplaceAllString(piped.String(), "") != left.ReplaceAllString(stdout, "") { //nolint:errorlint // as it is
				t.Errorf("from the standard input:\n%s%v", piped.String(), err)
			}
		})
	}
	if code, _, stderr := rowcast(t, nil, "token", "check"); code != program.ExitUsage || !strings.Contains(stderr, "wants one token") {
		t.Errorf("without a token: %d %s", code, stderr)
	}
}

// TestRefusalsAreReportedOnEveryTransport: a token that is refused is counted once on each
// wire, and the log has one line about it.
func TestRefusalsAreReportedOnEveryTransport(t *testing.T) {
	t.Parallel()
	log := new(servetest.Transcript)
	r := startLogging(t, newEnv(t), slog.New(slog.NewTextHandler(log, nil)))
	w := showroom{r.url}
	forged := newIssuer(t).token(t, inventory.AcmeID)
	all := w.all()
	for name, show := range all {
		if said := show(t, forged); said != "invalid-token" {
			t.Errorf("%s says %s", name, said)
		}
	}
	_, metrics := request(t, http.MethodGet, r.admin+"/metrics", "", "")
	if want := fmt.Sprintf("\nrowcast_refusals_total{code=\"invalid-token\"} %d\n", len(all)); !strings.Contains(metrics, want) {
		t.Errorf("the metrics lack %q:\n%s", want, linesWith(metrics, "rowcast_refusals"))
	}
	if lines := linesWith(log.String(), "code=invalid-token"); strings.Count(lines, "\n") != 1 ||
		!strings.Contains(lines, "about=algorithm") || !strings.Contains(lines, "algorithm=EdDSA") || !strings.Contains(lines, "key=one") {
		t.Errorf("the log says\n%s", lines)
	}
	// A page of another website.
	preflight := http.Header{"Origin": {"https://evil.example"}, "Access-Control-Request-Method": {"GET"}, "Access-Control-Request-Headers": {"authorization"}}
	w.request(t, http.MethodOptions, httpURL(r.url, "/history", nil), preflight)
	w.request(t, http.MethodGet, httpURL(r.url, "/socket.io/", map[string][]string{"EIO": {"4"}, "transport": {"polling"}}), http.Header{"Origin": {"https://evil.example"}})
	if _, err := dialFrom(t.Context(), r.url, token(t, "T"), http.Header{"Origin": {"https://evil.example"}}); err == nil {
		t.Error("a page of another website is let in")
	}
	_, metrics = request(t, http.MethodGet, r.admin+"/metrics", "", "")
	if !strings.Contains(metrics, "\nrowcast_refusals_total{code=\"forbidden\"} 3\n") {
		t.Errorf("the metrics say:\n%s", linesWith(metrics, "rowcast_refusals"))
	}
	if lines := linesWith(log.String(), "about=origin"); strings.Count(lines, "\n") != 1 || !strings.Contains(lines, "origin=https://evil.example") {
		t.Errorf("the log says\n%s", lines)
	}
	if strings.Contains(log.String(), forged[40:60]) {
		t.Error("the log has a part of the token")
	}
}

// linesWith are the lines that have a text.
func linesWith(all, text string) string {
	var b strings.Builder
	for line := range strings.Lines(all) {
		if strings.Contains(line, text) {
			b.WriteString(line)
		}
	}
	return b.String()
}
