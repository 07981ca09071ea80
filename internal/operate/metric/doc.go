// Package metric shows what a server is doing to Prometheus.
//
// # Overview
//
// [New] makes a registry with a collector that reads the parts of the server when it is
// scraped. Others are of the Go runtime and the process. [Handler] serves it.
// [Observers] are the histograms, which the parts of the server fill. dashboard.json is
// for Grafana, alerts.yml has rules for Prometheus.
//
// # Guarantees
//
//   - Names, units and help follow the conventions (TestLint).
//   - What is not known is left out; no figure stands for it
//     (TestUnknownIsLeftOut).
//   - A scrape of a running server has the figures of its parts (rowcast:
//     TestMetricsOfARunningServer).
//   - Labels are bounded: reasons, wires and at most 257 names of events. Tenants
//     are no label of /metrics; /metrics/tenants has a limit (TestTenantsAreBounded).
//   - The dashboard and the alert rules name only what a running server shows (rowcast:
//     TestDashboardAndAlertsAgainstALiveScrape).
//
// # Failures
//
// A collector that fails answers the scrape with 500 and the reason.
package metric
