package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

// Formats are those that Write takes.
func Formats() []string { return []string{"text", "json", "nagios", "prometheus"} }

// Write writes the report in a format.
func (r *Report) Write(w io.Writer, format string) error {
	switch format {
	case "json":
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	case "nagios":
		return r.nagios(w)
	case "prometheus":
		return r.prometheus(w)
	default:
		return r.text(w)
	}
}

// ExitCode is that of Nagios: 0 for ok, 1 for warn, 2 for fail.
func (r *Report) ExitCode() int {
	switch r.Status {
	case Warn:
		return 1
	case Fail:
		return 2
	case OK, Skip:
	}
	return 0
}

func (r *Report) count(s Status) (n int) {
	for _, result := range r.Results {
		if result.Status == s {
			n++
		}
	}
	return n
}

func (r *Report) text(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, result := range r.Results {
		fmt.Fprintf(table, "%s\t%s\t%s\n", result.Status, result.Check, oneLine(result.Evidence))
		if result.Fix != "" {
			fmt.Fprintf(table, "\t  why\t%s\n\t  fix\t%s\n\t  code\t%s\n", result.Why, oneLine(result.Fix), result.Code)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s: %s\n", r.Status, r.summary())
	return err
}

func (r *Report) summary() string {
	return fmt.Sprintf("%d checks, %d ok, %d warn, %d fail, %d skipped", len(r.Results), r.count(OK), r.count(Warn), r.count(Fail), r.count(Skip))
}

// nagios writes what a plugin does: the state and the worst on the first line,
// figures after the bar, the rest below.
func (r *Report) nagios(w io.Writer) error {
	state := map[Status]string{OK: "OK", Warn: "WARNING", Fail: "CRITICAL"}[r.Status]
	var worst, details []string
	for _, s := range []Status{Fail, Warn} {
		for _, result := range r.Results {
			if result.Status == s {
				worst = append(worst, string(result.Code))
				details = append(details, fmt.Sprintf("%s %s: %s; %s", s, result.Code, oneLine(result.Evidence), oneLine(result.Fix)))
			}
		}
	}
	text := r.summary()
	if len(worst) > 0 {
		text = strings.Join(worst, ", ")
	}
	_, err := fmt.Fprintf(w, "ROWCAST %s - %s|ok=%d warn=%d fail=%d skip=%d\n", state, text, r.count(OK), r.count(Warn), r.count(Fail), r.count(Skip))
	for _, line := range details {
		if err == nil {
			_, err = fmt.Fprintln(w, strings.ReplaceAll(line, "|", "/"))
		}
	}
	return err
}

// prometheus writes metrics for the textfile collector.
func (r *Report) prometheus(w io.Writer) error {
	registry := prometheus.NewRegistry()
	status := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "rowcast_doctor_status", Help: "State of each check of rowcast doctor: 0 ok, 1 warn, 2 fail; skipped ones are left out.",
	}, []string{"code"})
	at := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "rowcast_doctor_timestamp_seconds", Help: "When rowcast doctor ran.",
	})
	registry.MustRegister(status, at)
	at.Set(float64(r.At.UnixMilli()) / 1000)
	value := map[Status]float64{OK: 0, Warn: 1, Fail: 2}
	for _, result := range r.Results {
		if v, known := value[result.Status]; known {
			status.WithLabelValues(string(result.Code)).Set(v)
		}
	}
	families, err := registry.Gather()
	if err != nil {
		return fmt.Errorf("gather the metrics of the report: %w", err)
	}
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(w, family); err != nil {
			return fmt.Errorf("write the metrics of the report: %w", err)
		}
	}
	return nil
}

// oneLine keeps what others have written, such as an application_name, from
// controlling the terminal or making lines.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return '\ufffd'
		}
		return r
	}, s)
}
