package metric

import (
	"maps"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"rowcast/internal/changelog"
	"rowcast/internal/errcode"
	"rowcast/internal/hub/room"
	"rowcast/internal/operate/health"
	"rowcast/internal/transport/rows"
)

// collector reads the parts of the server.
type collector struct {
	Sources
	tail   []metric[changelog.Status]
	hub    []metric[room.Stats]
	health []metric[health.Status]
	rows   []metric[rows.Stats]
	// outcomes are those of answers with rows.
	outcomes *prometheus.Desc
	// withheld is by reason.
	withheld   *prometheus.Desc
	closes     *prometheus.Desc
	names      *prometheus.Desc
	transports *prometheus.Desc
	// refusals are those of handshakes, requests and tokens.
	refusals *prometheus.Desc
	// unreadable are changes that were sent without their rows.
	unreadable *prometheus.Desc
	// lag is how long ago the tail last had everything.
	lag *prometheus.Desc
}

// metric is one figure of a part.
type metric[T any] struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(T) float64
}

func gauge[T any](name, help string, value func(T) float64) metric[T] {
	return metric[T]{prometheus.NewDesc("rowcast_"+name, help, nil, nil), prometheus.GaugeValue, value}
}

func counter[T any](name, help string, value func(T) float64) metric[T] {
	return metric[T]{prometheus.NewDesc("rowcast_"+name+"_total", help, nil, nil), prometheus.CounterValue, value}
}

func newCollector(s Sources) *collector {
	return &collector{
		Sources: s,
		tail: []metric[changelog.Status]{
			gauge("tail_live", "1 while the tail is connected and has caught up.", func(s changelog.Status) float64 { return one(s.Live) }),
			gauge("tail_leads", "1 while this server does the sealing.", func(s changelog.Status) float64 { return one(s.Leads) }),
			gauge("tail_asleep", "1 while writers notify at each commit.", func(s changelog.Status) float64 { return one(s.Asleep) }),
			gauge("tail_listening", "1 while LISTEN is in effect.", func(s changelog.Status) float64 { return one(s.Listening) }),
			gauge("published_place", "Newest sequence that this server has published.", func(s changelog.Status) float64 { return float64(s.Sequence) }),
		},
		hub: []metric[room.Stats]{
			gauge("connections_blocked", "Clients that are behind and are being waited for.", func(s room.Stats) float64 { return float64(s.Blocked) }),
			gauge("subscriptions", "Tenants joined now, counted once for each client.", func(s room.Stats) float64 { return float64(s.Subscriptions) }),
			gauge("tenants", "Tenants that have recent events in memory.", func(s room.Stats) float64 { return float64(s.Tenants) }),
			gauge("ring_memory_bytes", "Memory of the recent events of all tenants.", func(s room.Stats) float64 { return float64(s.RingMemory) }),
			gauge("ring_memory_budget_bytes", "What ROWCAST_RING_MEMORY allows for that.", func(s room.Stats) float64 { return float64(s.RingBudget) }),
			gauge("page_memory_bytes", "Memory of the history that is kept for clients that catch up.",
				func(s room.Stats) float64 { return float64(s.PageMemory) }),
			counter("deliveries", "Events handed to clients, counted once for each client.", func(s room.Stats) float64 { return float64(s.Deliveries) }),
			counter("catch_ups", "Clients served from the history.", func(s room.Stats) float64 { return float64(s.CatchUps) }),
			counter("history_reads", "Pages of the history read for clients.", func(s room.Stats) float64 { return float64(s.HistoryReads) }),
			counter("view_decisions", "Changes on which a filter of rows has decided, once for each filter.", func(s room.Stats) float64 { return float64(s.Decisions) }),
			counter("resets", "Clients that were sent a reset.", func(s room.Stats) float64 { return float64(s.Resets) }),
		},
		health: []metric[health.Status]{
			gauge("trigger_drift", "Triggers of watched tables that are missing or disabled.",
				func(s health.Status) float64 { return float64(s.Triggers()) }),
			gauge("notify_queue_usage_ratio", "How full the queue of NOTIFY is; above 0.5 writers no longer notify.",
				func(s health.Status) float64 { return s.QueueUsage }),
			gauge("sealed_place", "Newest sealed sequence at the last check of the database.",
				func(s health.Status) float64 { return float64(s.SealedSequence) }),
			gauge("database_checked_timestamp_seconds", "When the database last answered a check of its triggers and queue.",
				func(s health.Status) float64 { return float64(s.Checked.UnixMilli()) / 1000 }),
		},
		rows: []metric[rows.Stats]{
			gauge("rows_reading", "Clients that are sent rows now.", func(s rows.Stats) float64 { return float64(s.Reading) }),
			counter("rows_sent", "Rows that clients were sent to begin with.", func(s rows.Stats) float64 { return float64(s.Rows) }),
			counter("rows_sent_bytes", "Bytes of the answers with rows.", func(s rows.Stats) float64 { return float64(s.Bytes) }),
		},
		outcomes:   prometheus.NewDesc("rowcast_rows_answers_total", "Answers with rows, by how they ended: end if they are whole.", []string{"outcome"}, nil),
		names:      prometheus.NewDesc("rowcast_events_total", "Events made for tenants that somebody has joined, by name; beyond 256 names as other.", []string{"event"}, nil),
		transports: prometheus.NewDesc("rowcast_connections", "Clients connected now, by wire.", []string{"wire"}, nil),
		lag:        prometheus.NewDesc("rowcast_lag_seconds", "How long ago this server last knew that it had published everything.", nil, nil),
		refusals:   prometheus.NewDesc("rowcast_refusals_total", "Handshakes, requests and tokens that were refused, by code; the log says why.", []string{"code"}, nil),
		unreadable: prometheus.NewDesc("rowcast_unreadable_total", "Changes that cannot be read and are sent without their rows, by reason; the log and /status say which.", []string{"reason"}, nil),
		withheld:   prometheus.NewDesc("rowcast_withheld_events_total", "Events that were not for everybody, by reason: where counts them for each filter and wire, audience once.", []string{"reason"}, nil),
		closes:     prometheus.NewDesc("rowcast_closes_total", "Connections that ended, by reason.", []string{"reason"}, nil),
	}
}

// Describe announces every figure.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	describe(ch, c.tail)
	describe(ch, c.hub)
	describe(ch, c.health)
	describe(ch, c.rows)
	for _, d := range []*prometheus.Desc{c.outcomes, c.closes, c.refusals, c.unreadable, c.withheld, c.names, c.transports, c.lag} {
		ch <- d
	}
}

// Collect reads every figure that is known.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	tail := c.Tail()
	collect(ch, c.tail, tail)
	if !tail.Checked.IsZero() {
		ch <- prometheus.MustNewConstMetric(c.lag, prometheus.GaugeValue, time.Since(tail.Checked).Seconds())
	}
	stats := c.Hub()
	collect(ch, c.hub, stats)
	ch <- prometheus.MustNewConstMetric(c.withheld, prometheus.CounterValue, float64(stats.Filtered), "where")
	ch <- prometheus.MustNewConstMetric(c.withheld, prometheus.CounterValue, float64(stats.Private), "audience")
	closes := maps.Clone(stats.Closes)
	if closes == nil {
		closes = map[errcode.Code]int64{}
	}
	for _, code := range c.Codes {
		closes[code] += 0
	}
	for code, n := range closes {
		ch <- prometheus.MustNewConstMetric(c.closes, prometheus.CounterValue, float64(n), string(code))
	}
	for code, n := range c.Refusals() {
		ch <- prometheus.MustNewConstMetric(c.refusals, prometheus.CounterValue, float64(n), string(code))
	}
	for reason, n := range c.Unreadable() {
		ch <- prometheus.MustNewConstMetric(c.unreadable, prometheus.CounterValue, float64(n), string(reason))
	}
	answers := c.Rows()
	collect(ch, c.rows, answers)
	for outcome, n := range answers.Outcomes {
		ch <- prometheus.MustNewConstMetric(c.outcomes, prometheus.CounterValue, float64(n), outcome)
	}
	for name, n := range stats.Names {
		ch <- prometheus.MustNewConstMetric(c.names, prometheus.CounterValue, float64(n), name)
	}
	for name, n := range stats.Transports {
		ch <- prometheus.MustNewConstMetric(c.transports, prometheus.GaugeValue, float64(n), name)
	}
	if s := c.Health(); !s.Checked.IsZero() {
		collect(ch, c.health, s)
	}
}

func describe[T any](ch chan<- *prometheus.Desc, metrics []metric[T]) {
	for _, m := range metrics {
		ch <- m.desc
	}
}

func collect[T any](ch chan<- prometheus.Metric, metrics []metric[T], source T) {
	for _, m := range metrics {
		ch <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(source))
	}
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
