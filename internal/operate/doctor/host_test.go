package doctor_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rowcast/internal/operate/doctor"
)

// page serves a text and answers its address.
func page(t *testing.T, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// pemFile makes a key file.
func pemFile(t *testing.T, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// certificate makes one that is good until then.
func certificate(t *testing.T, until time.Time) []byte {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "issuer"}, NotBefore: until.Add(-time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func keys(t *testing.T, found seen) {
	none := doctor.Options{DatabaseURL: "host=/nowhere", ListenDatabaseURL: "host=/nowhere"}
	with := func(change func(*doctor.Options)) doctor.Options {
		o := none
		change(&o)
		return o
	}
	found.expect(t, none, "keys-missing", doctor.Fail, "no token can be verified")
	found.expect(t, none, "weak-secret", doctor.Skip)
	for secret, status := range map[string]doctor.Status{
		"secret": doctor.Warn, strings.Repeat("ab", 32): doctor.Warn, "0123456789abcdefghijklmnopqrstuvwxyz": doctor.OK,
	} {
		o := with(func(o *doctor.Options) { o.Secret = []byte(secret) })
		found.expect(t, o, "weak-secret", status)
		found.expect(t, o, "keys-missing", doctor.OK, "JWT_SECRET")
	}

	file := func(path string) doctor.Options { return with(func(o *doctor.Options) { o.PublicKeyFile = path }) }
	found.expect(t, file("/nowhere.pem"), "key-file", doctor.Fail, "no such file")
	found.expect(t, file(pemFile(t, "CERTIFICATE", certificate(t, time.Now().Add(48*time.Hour)))), "key-file", doctor.Warn, "good until")
	found.expect(t, file(pemFile(t, "CERTIFICATE", certificate(t, time.Now().Add(-time.Hour)))), "key-file", doctor.Warn)
	found.expect(t, file(pemFile(t, "CERTIFICATE", certificate(t, time.Now().Add(1000*time.Hour)))), "key-file", doctor.OK, "1 keys")
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	found.expect(t, file(pemFile(t, "PUBLIC KEY", der)), "key-file", doctor.OK)
	der, err = x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	found.expect(t, file(pemFile(t, "PRIVATE KEY", der)), "key-file", doctor.Fail, "belongs to the issuer alone")

	set := func(url string) doctor.Options { return with(func(o *doctor.Options) { o.JWKSURL = url }) }
	good := fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","kid":"1","x":%q}`, base64.RawURLEncoding.EncodeToString(public))
	found.expect(t, set("http://127.0.0.1:1/keys"), "key-set", doctor.Fail, "connection refused")
	found.expect(t, set("http://issuer.example/keys"), "key-set", doctor.Fail, "not https")
	found.expect(t, set(page(t, http.StatusNotFound, "")), "key-set", doctor.Fail, "status 404")
	found.expect(t, set(page(t, http.StatusOK, `{"keys":[{"kty":"oct","kid":"1","k":"c2VjcmV0"}]}`)), "key-set", doctor.Fail, "no key that verifies")
	found.expect(t, set(page(t, http.StatusOK, `{"keys":[`+good+`]}`)), "key-set", doctor.OK, "1 keys")
}

func host(t *testing.T, found seen) {
	none := doctor.Options{DatabaseURL: "host=/nowhere", ListenDatabaseURL: "host=/nowhere"}
	for list, status := range map[string]doctor.Status{
		"": doctor.OK, "https://app.example, http://localhost:5173": doctor.OK, "http://app.example": doctor.Warn, "https://app.example/path": doctor.Fail,
	} {
		o := none
		o.Origins = []string{"", list}
		found.expect(t, o, "clear-origin", status)
	}
	for address, status := range map[string]doctor.Status{
		"": doctor.Skip, "127.0.0.1:9090": doctor.OK, "[::1]:9090": doctor.OK, ":9090": doctor.Warn, "0.0.0.0:9090": doctor.Warn, "10.0.0.7:9090": doctor.Warn,
	} {
		o := none
		o.AdminAddr, o.Timeout = address, 500*time.Millisecond
		found.expect(t, o, "public-admin", status)
	}
	at := func(url string) doctor.Options {
		o := none
		o.AdminAddr = strings.TrimPrefix(url, "http://")
		return o
	}
	found.expect(t, at("127.0.0.1:1"), "server-unready", doctor.Skip, "no server listens")
	found.expect(t, at("127.0.0.1:1"), "proxy-unnamed", doctor.Skip, "no server listens")
	found.expect(t, at(page(t, http.StatusOK, `{"version":"1"}`)), "proxy-unnamed", doctor.OK)
	found.expect(t, at(page(t, http.StatusOK, `{"unnamedProxy":"10.0.0.9"}`)), "proxy-unnamed", doctor.Warn, "10.0.0.9")
	found.expect(t, at(page(t, http.StatusBadGateway, `<html>`)), "proxy-unnamed", doctor.Skip, "not as Rowcast")
	found.expect(t, at("127.0.0.1:1"), "changes-unreadable", doctor.Skip, "no server listens")
	found.expect(t, at(page(t, http.StatusOK, `{"version":"1"}`)), "changes-unreadable", doctor.OK)
	found.expect(t, at(page(t, http.StatusOK, `{"unreadable":[{"tenantId":"T","position":41,"table":"orders","reason":"size","detail":"so large"}]}`)),
		"changes-unreadable", doctor.Warn, "position 41", `tenant "T"`, "reason size: so large")
	found.expect(t, at(page(t, http.StatusBadGateway, `<html>`)), "changes-unreadable", doctor.Skip, "not as Rowcast")
	found.expect(t, at(page(t, http.StatusOK, `{"status":"ok","problems":[]}`)), "server-unready", doctor.OK)
	found.expect(t, at(page(t, http.StatusServiceUnavailable, `{"problems":[{"code":"tail-stale","detail":"late"}]}`)), "server-unready", doctor.Fail, "tail-stale: late")
	found.expect(t, at(page(t, http.StatusBadGateway, `<html>`)), "server-unready", doctor.Fail, "not as Rowcast")

	few := none
	few.Bounds.Files = 1 << 62
	found.expect(t, few, "files-few", doctor.Warn, "LimitNOFILE")
	few.Bounds.Files = 16
	found.expect(t, few, "files-few", doctor.OK)
}
