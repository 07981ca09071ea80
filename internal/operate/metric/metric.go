package metric

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"rowcast/internal/changelog"
	"rowcast/internal/errcode"
	"rowcast/internal/feed"
	"rowcast/internal/hub/room"
	"rowcast/internal/operate/health"
	"rowcast/internal/transport/rows"
)

// Sources are the parts of a server. The funcs are required; they are called at
// each scrape and must not block.
type Sources struct {
	Tail   func() changelog.Status
	Hub    func() room.Stats
	Health func() health.Status
	// Observers are shown too, if they are set.
	Observers *Observers
	// Codes are those that sessions end with. Each is counted from the start, so
	// that the first of its kind is an increase.
	Codes []errcode.Code
	// Refusals counts the clients that were refused, by code.
	Refusals func() map[errcode.Code]int64
	// Unreadable counts the changes that were sent without their rows, by reason.
	Unreadable func() map[feed.Reason]int64
	// Rows are the answers to clients that begin.
	Rows func() rows.Stats
}

// New makes a registry of the server's own.
func New(s Sources) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newCollector(s),
	)
	if s.Observers != nil {
		registry.MustRegister(s.Observers.seal, s.Observers.delivery)
	}
	return registry
}

// Handler serves a registry.
func Handler(registry *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}
