package config_test

import (
	"slices"
	"testing"

	"rowcast/internal/operate/config"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		environ, want []string
	}{
		{nil, []string{}},
		{[]string{"ADDR=0.0.0.0:80"}, []string{}},
		{[]string{"ADDR=[::]:80"}, []string{}},
		{[]string{"ADDR=Box.lan:80", "FRONTEND_URL=https://App.example:8443, http://b.example", "ORIGIN=https://[::1]:1"}, []string{"box.lan", "app.example", "b.example", "::1"}},
	} {
		c, err := config.Load(nil, test.environ)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Hosts(); got == nil || !slices.Equal(got, test.want) {
			t.Errorf("%v: %v; want %v", test.environ, got, test.want)
		}
	}
}
