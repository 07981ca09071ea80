package config_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"rowcast/internal/operate/config"
)

// TestPortsOfDatabases: a port is refused exactly if pgx would refuse it, whatever
// hosts and passwords are around it.
func TestPortsOfDatabases(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		host := rapid.SampledFrom([]string{"h", "db.example", "127.0.0.1", "[::1]", "%2Ftmp"})
		port := rapid.SampledFrom([]string{"", ":1", ":5432", ":65535", ":65536", ":99999", ":0", ":x", ":-1"})
		password := rapid.StringMatching(`[ -~]{0,12}`).Draw(t, "password")
		var hosts []string
		for range rapid.IntRange(1, 3).Draw(t, "hosts") {
			hosts = append(hosts, host.Draw(t, "host")+port.Draw(t, "port"))
		}
		text := "postgres://u:" + url.QueryEscape(password) + "@" + strings.Join(hosts, ",") + rapid.SampledFrom([]string{"", "/d", "/d?sslmode=disable", "?application_name=a@b:c"}).Draw(t, "rest")
		if rapid.Bool().Draw(t, "pairs") {
			escaped := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password)
			text = "host=h password='" + escaped + "' dbname=d port=" + strings.TrimPrefix(port.Draw(t, "port of pairs"), ":")
			if strings.HasSuffix(text, "=") {
				text += "5432"
			}
		}
		_, err := pgx.ParseConfig(text)
		if err != nil && !strings.Contains(err.Error(), "port") {
			t.Skip(err)
		}
		_, loadErr := config.Load(nil, []string{"DATABASE_URL=" + text})
		if (err == nil) != (loadErr == nil) {
			t.Fatalf("%s: pgx says %v, we say %v", text, err, loadErr)
		}
	})
}
