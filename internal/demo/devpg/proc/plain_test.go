package proc

import (
	"slices"
	"testing"
)

func TestEnvironmentIsPlain(t *testing.T) {
	t.Parallel()
	got := plain([]string{"PATH=/bin", "PGDATA=/x", "PGOPTIONS=-c a=b", "LC_ALL=tr_TR.UTF-8", "LANG=tr_TR", "LANGUAGE=tr", "HOME=/h", "PAGER=less"})
	if want := []string{"PATH=/bin", "HOME=/h", "PAGER=less", "LC_MESSAGES=C"}; !slices.Equal(got, want) {
		t.Errorf("environment is %q, want %q", got, want)
	}
}
