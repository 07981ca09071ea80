package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metricsql"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"rowcast/internal/demo/inventory"
)

// expression is a query of the dashboard or of a rule.
type expression struct{ where, text string }

// dashboardExpressions are the queries of the dashboard, with its variables
// filled in.
func dashboardExpressions(t *testing.T) (all []expression) {
	t.Helper()
	text, err := os.ReadFile("../../internal/operate/metric/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Title  string
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
		Annotations struct{ List []struct{ Name, Expr string } }
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	ids := map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d, %q: twice, empty or too wide", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			all = append(all, expression{p.Title, target.Expr})
		}
	}
	for _, a := range board.Annotations.List {
		all = append(all, expression{a.Name, a.Expr})
	}
	fill := strings.NewReplacer("$__rate_interval", "1m", "$job", "rowcast")
	for i := range all {
		all[i].text = fill.Replace(all[i].text)
	}
	return all
}

// alertExpressions are the queries of the rules.
func alertExpressions(t *testing.T) (all []expression) {
	t.Helper()
	text, err := os.ReadFile("../../internal/operate/metric/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if r.Alert == "" || r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("the rule %q is incomplete", r.Alert)
			}
			all = append(all, expression{r.Alert, r.Expr})
		}
	}
	return all
}

// TestDashboardAndAlertsAgainstALiveScrape has every query of the dashboard and of
// the rules parse and name only metrics and labels that a server shows.
func TestDashboardAndAlertsAgainstALiveScrape(t *testing.T) {
	t.Parallel()
	s := newEnv(t)
	r := start(t, s)
	c, _ := join(t, r.url, inventory.AcmeID, "")
	s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'D1', 'C')`)
	c.events(t, "order:created")
	eventually(t, "first look at the database", func() string { _, body := r.get(t, "/metrics"); return body },
		func(body string) bool { return strings.Contains(body, "\nrowcast_trigger_drift ") })
	// Expressions of the policy are shown once they have failed.
	s.Exec(t, `select rowcast.apply_policy('tables: {order: {roles: {"*": {rows: int(row.customer) > 0}}}}')`)
	body := eventually(t, "an expression that failed", func() string {
		s.Exec(t, `insert into orders (tenant_id, order_number, customer) values ('`+inventory.AcmeID+`', 'D' || clock_timestamp(), 'C')`)
		_, body := r.get(t, "/metrics")
		return body
	}, func(body string) bool { return strings.Contains(body, "\nrowcast_policy_failures_total{") })
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]map[string]bool{}
	for name, family := range families {
		known := map[string]bool{"job": true, "instance": true, "le": true}
		for _, m := range family.GetMetric() {
			for _, l := range m.GetLabel() {
				known[l.GetName()] = true
			}
		}
		labels[name] = known
		if family.GetMetric()[0].GetHistogram() != nil {
			labels[name+"_bucket"], labels[name+"_sum"], labels[name+"_count"] = known, known, known
		}
		if strings.Contains(name, "tenant_") || known["tenant"] {
			t.Errorf("%s has the label of a tenant", name)
		}
	}
	labels["up"] = map[string]bool{"job": true}
	used := map[string]bool{}
	by := regexp.MustCompile(`by \(([a-z, ]+)\)`)
	for _, e := range append(dashboardExpressions(t), alertExpressions(t)...) {
		parsed, err := metricsql.Parse(e.text)
		if err != nil {
			t.Errorf("%s: %s: %v", e.where, e.text, err)
			continue
		}
		var wanted []string
		for _, group := range by.FindAllStringSubmatch(e.text, -1) {
			wanted = append(wanted, strings.Split(group[1], ", ")...)
		}
		metricsql.VisitAll(parsed, func(of metricsql.Expr) {
			m, ok := of.(*metricsql.MetricExpr)
			if !ok {
				return
			}
			for _, filters := range m.LabelFilterss {
				name := ""
				for _, f := range filters {
					if f.Label == "__name__" {
						name = f.Value
					}
				}
				known, shown := labels[name]
				if !shown {
					t.Errorf("%s: a server shows no %s", e.where, name)
				}
				used[name] = true
				for _, f := range filters {
					if f.Label != "__name__" && !known[f.Label] {
						t.Errorf("%s: %s has no label %s", e.where, name, f.Label)
					}
				}
				for _, label := range wanted {
					if !known[label] {
						t.Errorf("%s: %s has no label %s", e.where, name, label)
					}
				}
			}
		})
	}
	for name, family := range families {
		if strings.HasPrefix(name, "rowcast_") && !used[name] && !used[name+"_bucket"] && family.GetHelp() != "" && name != "rowcast_tail_asleep" {
			t.Errorf("neither the dashboard nor a rule uses %s", name)
		}
	}
	if code, body := r.get(t, "/metrics/tenants?limit=1"); code != 200 || !strings.Contains(body, `rowcast_tenant_subscriptions{tenant="`+inventory.AcmeID+`"} 1`) {
		t.Errorf("%d, %s", code, body)
	}
}
