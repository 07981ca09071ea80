package doctor_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"rowcast/internal/errcode"
	"rowcast/internal/operate/doctor"
)

func written(t *testing.T, r *doctor.Report, format string) string {
	t.Helper()
	var text strings.Builder
	if err := r.Write(&text, format); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestFormats(t *testing.T) {
	t.Parallel()
	report := &doctor.Report{Status: doctor.Fail, At: time.UnixMilli(1500).UTC(), Results: []doctor.Result{
		{Code: "standby", Check: "the server takes writes", Status: doctor.OK, Evidence: "it does"},
		{Code: "seal-lag", Check: "changes without a sequence", Status: doctor.Warn, Evidence: "3 log\nrows|\x1b[31m", Why: "No server.", Fix: "Start one."},
		{Code: "pooler", Check: "direct", Status: doctor.Fail, Evidence: "pooled", Why: "It is.", Fix: "Set it."},
		{Code: "key-set", Check: "keys", Status: doctor.Skip, Evidence: "not set"},
	}}
	if report.ExitCode() != 2 {
		t.Errorf("exit code %d", report.ExitCode())
	}
	text := written(t, report, "text")
	for _, want := range []string{"ok    the server takes writes     it does\n", "fix                       Set it.\n", "\nfail: 4 checks, 1 ok, 1 warn, 1 fail, 1 skipped\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	if strings.ContainsRune(text, '\x1b') || strings.Contains(text, "3 log\n") {
		t.Errorf("the text controls the terminal: %q", text)
	}
	var decoded doctor.Report
	if err := json.Unmarshal([]byte(written(t, report, "json")), &decoded); err != nil || len(decoded.Results) != 4 || decoded.Results[2].Fix != "Set it." {
		t.Errorf("%+v, %v", decoded, err)
	}
	first, rest, _ := strings.Cut(written(t, report, "nagios"), "\n")
	if first != "ROWCAST CRITICAL - pooler, seal-lag|ok=1 warn=1 fail=1 skip=1" || strings.Contains(rest, "|") || strings.Count(rest, "\n") != 2 {
		t.Errorf("for Nagios: %q, then %q", first, rest)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(written(t, report, "prometheus")))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range families["rowcast_doctor_status"].GetMetric() {
		want := map[string]float64{"standby": 0, "seal-lag": 1, "pooler": 2}[m.GetLabel()[0].GetValue()]
		if m.GetGauge().GetValue() != want {
			t.Errorf("%s is %v", m.GetLabel(), m.GetGauge())
		}
	}
	if n := len(families["rowcast_doctor_status"].GetMetric()); n != 3 || families["rowcast_doctor_timestamp_seconds"].GetMetric()[0].GetGauge().GetValue() != 1.5 {
		t.Errorf("%d states in %v", n, families)
	}
}

func TestChecksAreRegistered(t *testing.T) {
	t.Parallel()
	made := map[errcode.Code]bool{}
	for _, check := range doctor.Checks() {
		if e, ok := errcode.Find(check.Code); !ok || e.Check == "" {
			t.Errorf("%s is no check of the registry", check.Code)
		}
		for _, need := range check.Needs {
			if !made[need] {
				t.Errorf("%s comes before %s, which it needs", check.Code, need)
			}
		}
		made[check.Code] = true
	}
	for _, e := range errcode.All() {
		if e.Check != "" && !made[e.Code] {
			t.Errorf("nothing looks for %s", e.Code)
		}
	}
}
