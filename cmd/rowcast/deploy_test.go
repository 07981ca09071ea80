package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"rowcast/internal/command/program"
	"rowcast/internal/demo/inventory"
	"rowcast/internal/operate/config"
	"rowcast/internal/service"
)

// deployed reads a deployment file.
func deployed(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func wants(t *testing.T, name, text string, patterns ...string) {
	t.Helper()
	for _, pattern := range patterns {
		if !regexp.MustCompile(`(?m)^\s*` + pattern + `$`).MatchString(text) {
			t.Errorf("%s has no line %s", name, pattern)
		}
	}
}

// found is the only group of a pattern as a time.
func found(t *testing.T, text, pattern string) time.Duration {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s", pattern)
	}
	d, err := time.ParseDuration(strings.TrimSuffix(m[1], "s") + "s")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	text := deployed(t, "Dockerfile")
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(module)[1]
	wants(t, "Dockerfile", text, `FROM golang:`+string(version)+` AS build`, `RUN CGO_ENABLED=0 go build .* \./cmd/rowcast`, `FROM scratch`,
		`USER [1-9]\d*:[1-9]\d*`, `ENTRYPOINT \["/rowcast"\]`, `CMD \["serve"\]`, `STOPSIGNAL SIGTERM`)
	for _, m := range regexp.MustCompile(`(?m)^COPY ([^-].*) \S+$`).FindAllStringSubmatch(text, -1) {
		for source := range strings.FieldsSeq(m[1]) {
			if _, err := os.Stat(filepath.Join("../..", source)); err != nil {
				t.Error(err)
			}
		}
	}
	settingsExist(t, text)
}

// settingsExist checks the variables that a file speaks of.
func settingsExist(t *testing.T, text string) {
	t.Helper()
	for _, name := range regexp.MustCompile(`\b(?:ROWCAST|JWT|JWKS|DATABASE|FRONTEND|ADMIN|LISTEN)_[A-Z_]+\b`).FindAllString(text, -1) {
		known := false
		for _, s := range config.Settings() {
			known = known || s.Name == name
		}
		if !known {
			t.Errorf("there is no setting %s", name)
		}
	}
}

func TestUnit(t *testing.T) {
	t.Parallel()
	text := deployed(t, "rowcast.service")
	wants(t, "the unit", text, `\[Unit\]`, `\[Service\]`, `\[Install\]`, `Type=notify`, `ExecStart=/usr/local/bin/rowcast serve`, `DynamicUser=yes`,
		`NoNewPrivileges=yes`, `ProtectSystem=strict`, `CapabilityBoundingSet=`, `LimitNOFILE=65536`, `RestartPreventExitStatus=`+fmt.Sprint(program.ExitUsage))
	if stop := found(t, text, `TimeoutStopSec=(\d+)`); stop <= service.UnreadyTime+service.DrainTime {
		t.Errorf("the manager kills after %s, clients have %s to leave", stop, service.UnreadyTime+service.DrainTime)
	}
	settingsExist(t, text)
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		return
	}
	unit := filepath.Join(t.TempDir(), "rowcast.service")
	text = strings.ReplaceAll(text, "/usr/local/bin/rowcast", os.Args[0])
	if err := os.WriteFile(unit, []byte(text), 0o644); err != nil { //nolint:gosec // a unit
		t.Fatal(err)
	}
	if said, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", unit).CombinedOutput(); err != nil || bytes.Contains(said, []byte("rowcast.service:")) {
		t.Errorf("%v: %s", err, said)
	}
}

// TestServeNotifiesTheServiceManager follows a server from start to end as systemd
// does: ready only once the database is there.
func TestServeNotifiesTheServiceManager(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	until := func(text string) {
		t.Helper()
		b := make([]byte, 4096)
		for {
			if err := socket.SetReadDeadline(time.Now().Add(timeout)); err != nil {
				t.Fatal(err)
			}
			n, err := socket.Read(b)
			if err != nil {
				t.Fatalf("waiting for %s: %v", text, err)
			}
			if strings.Contains(string(b[:n]), text) {
				return
			}
			if strings.Contains(string(b[:n]), "READY=1") {
				t.Fatalf("ready before %s: %s", text, b[:n])
			}
		}
	}
	s.Exec(t, `alter table orders disable trigger rowcast_insert`)
	p := spawn(t, []string{
		"NOTIFY_SOCKET=" + path, "DATABASE_URL=" + s.DSN, "JWT_SECRET=" + secret, "ADDR=127.0.0.1:0", "ADMIN_ADDR=127.0.0.1:0",
	}, "serve")
	until("STATUS=triggers-drifted: orders")
	s.Exec(t, `alter table orders enable trigger rowcast_insert`)
	until("READY=1")
	p.Signal(t, syscall.SIGTERM)
	until("STOPPING=1")
	p.Ends(t, program.ExitOK)
}

// selfSigned makes a certificate and its key.
func selfSigned(t *testing.T, dir string) (certificate, key string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"feed.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

// TestNginx has nginx check the example and then carry a WebSocket, a stream and
// polling to two servers.
func TestNginx(t *testing.T) {
	t.Parallel()
	text := deployed(t, "nginx.conf")
	var heartbeat time.Duration
	for _, s := range config.Settings() {
		if s.Name == "ROWCAST_PING_INTERVAL" || s.Name == "ROWCAST_PING_TIMEOUT" {
			d, err := time.ParseDuration(s.Default)
			if err != nil {
				t.Fatal(err)
			}
			heartbeat += d
		}
	}
	if got := found(t, text, `proxy_read_timeout (\d+s)`); got <= heartbeat {
		t.Errorf("nginx ends a connection after %s, a heartbeat may take %s", got, heartbeat)
	}
	wants(t, "nginx.conf", text, `ip_hash;`, `proxy_buffering off;`, `proxy_set_header Upgrade \$http_upgrade;`, `proxy_http_version 1.1;`)
	if strings.Contains(text, "$request ") || strings.Contains(text, "$args") || strings.Contains(text, "$request_uri") {
		t.Error("the log would keep tickets")
	}
	settingsExist(t, text)
	binary, err := exec.LookPath("nginx")
	if err != nil {
		if binary, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			t.Skip("nginx is not installed; .ci/setup test brings it")
		}
	}
	s := newEnv(t)
	servers := []running{start(t, s), start(t, s)}
	dir := t.TempDir()
	certificate, key := selfSigned(t, dir)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	port := func(r running) string { return strings.TrimSuffix(strings.TrimPrefix(r.url, "ws://"), "/ws") }
	site := strings.NewReplacer("127.0.0.1:8080", port(servers[0]), "127.0.0.1:8081", port(servers[1]), "/etc/ssl/certs/feed.example.pem", certificate,
		"/etc/ssl/private/feed.example.key", key, "/var/log/nginx/rowcast.log", filepath.Join(dir, "access.log")).Replace(text)
	if site == text {
		t.Fatal("nothing of the example was replaced")
	}
	conf := filepath.Join(dir, "nginx.conf")
	write := func(site string) {
		t.Helper()
		var temp strings.Builder
		for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			fmt.Fprintf(&temp, "%s_temp_path %s/%s;\n", kind, dir, kind)
		}
		whole := fmt.Sprintf("daemon off; master_process off; pid %s/pid; error_log stderr;\nevents { worker_connections 64; }\nhttp {\n%s%s}\n", dir, temp.String(), site)
		if err := os.WriteFile(conf, []byte(whole), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Replace(site, "listen 443 ssl", "listen "+address+" ssl", 1))
	if said, err := exec.CommandContext(t.Context(), binary, "-t", "-e", "stderr", "-c", conf).CombinedOutput(); err != nil || bytes.Contains(said, []byte("[warn]")) {
		t.Fatalf("nginx -t: %v: %s", err, said)
	}
	write(strings.Replace(site, "listen 443 ssl", "listen "+address, 1))
	proxy := exec.CommandContext(t.Context(), binary, "-e", "stderr", "-c", conf) //nolint:gosec // the nginx of this machine
	proxy.Stderr = t.Output()
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = proxy.Process.Kill(); _ = proxy.Wait() })
	eventually(t, "nginx", func() error {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}, func(err error) bool { return err == nil })

	c, _ := join(t, "ws://"+address+"/ws", inventory.AcmeID, "", "order:*")
	stream := through(t, http.MethodGet, "http://"+address+"/events?tenant="+inventory.AcmeID+"&events=order:created")
	lines := bufio.NewScanner(stream.Body)
	awaitLine(t, lines, "event: joined")
	s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'N1', 'C')`)
	c.events(t, "order:created")
	awaitLine(t, lines, "event: order:created") // at once, or nginx buffers
	for range 4 {
		opened := through(t, http.MethodGet, "http://"+address+"/socket.io/?EIO=4&transport=polling")
		var body [512]byte
		n, _ := opened.Body.Read(body[:])
		sid := regexp.MustCompile(`"sid":"([^"]+)"`).FindSubmatch(body[:n])
		if sid == nil {
			t.Fatalf("no session: %s", body[:n])
		}
		if again := through(t, http.MethodPost, "http://"+address+"/socket.io/?EIO=4&transport=polling&sid="+string(sid[1])); again.StatusCode != http.StatusOK {
			t.Errorf("the second request of a session is answered with %d", again.StatusCode)
		}
	}
	if kept, err := os.ReadFile(filepath.Join(dir, "access.log")); err != nil || bytes.Contains(kept, []byte("sid=")) || !bytes.Contains(kept, []byte("/socket.io/")) {
		t.Errorf("the log keeps %s, %v", kept, err)
	}
}

// through asks with a token. A POST is a ping of Engine.IO.
func through(t *testing.T, method, url string) *http.Response {
	t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader("3")
	}
	request, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token(t, inventory.AcmeID))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close(); http.DefaultClient.CloseIdleConnections() })
	if response.StatusCode != http.StatusOK {
		t.Errorf("%s %s: %s", method, url, response.Status)
	}
	return response
}

func awaitLine(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	for lines.Scan() {
		if lines.Text() == want {
			return
		}
	}
	t.Fatalf("the stream ended without %q: %v", want, lines.Err())
}
