package metric

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Observers are the histograms, which the parts of the server fill.
type Observers struct{ seal, delivery prometheus.Histogram }

// NewObservers makes empty histograms.
func NewObservers() *Observers {
	return &Observers{
		seal: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rowcast_seal_seconds", Help: "How long a seal took that gave sequences, with its commit.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .5, 1, 5},
		}),
		delivery: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rowcast_delivery_seconds",
			Help: "Time from the statement of a change to its write to clients, by the clock of the database. Clients that " +
				"have to be waited for are left out. One observation is the oldest change of a pass over the clients of a tenant.",
			Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 60},
		}),
	}
}

// Sealed observes a seal.
func (o *Observers) Sealed(took time.Duration) { o.seal.Observe(took.Seconds()) }

// Delivered observes a pass. A clock of the database that is ahead counts as none.
func (o *Observers) Delivered(age time.Duration) { o.delivery.Observe(max(0, age.Seconds())) }
