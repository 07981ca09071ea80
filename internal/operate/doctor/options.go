package doctor

import (
	"cmp"
	"net/http"
	"time"
)

// Options says what is looked at: the settings of a server.
type Options struct {
	// DatabaseURL and ListenDatabaseURL are as in the settings; empty means the
	// PG* variables.
	DatabaseURL, ListenDatabaseURL string
	Retention                      time.Duration
	// AdminAddr is the listener for operators, host:port.
	AdminAddr string
	// Origins are the values of FRONTEND_URL and ORIGIN.
	Origins []string

	Secret        []byte
	PublicKeyFile string
	JWKSURL       string

	// Bounds are when something counts as trouble. Those that are zero have
	// defaults.
	Bounds Bounds
	// Timeout is what a check may take. Default: 5 s.
	Timeout time.Duration
	// Now is time.Now unless set.
	Now func() time.Time
	// Client asks the server on this machine, and the issuer for its keys.
	Client *http.Client
}

// Bounds are the limits of the checks.
type Bounds struct {
	// Version is the oldest PostgreSQL, as in server_version_num: 140000.
	Version int
	// Queue and QueueFail are for the use of the NOTIFY queue: 0.25 and 0.5.
	Queue, QueueFail float64
	// Connections and ConnectionsFail are for those taken: 0.8 and 0.95.
	Connections, ConnectionsFail float64
	// Lag and LagFail are for the oldest change without a sequence: 5 s and 1 min.
	Lag, LagFail time.Duration
	// Lock is how long the lock of the seal may be held: 10 s.
	Lock time.Duration
	// Transaction is how old a transaction may get: 5 min.
	Transaction time.Duration
	// Skew and SkewFail are for the clocks: 1 s and 30 s.
	Skew, SkewFail time.Duration
	// LogBytes is for the size of the log: 16 GiB.
	LogBytes int64
	// Files is how many a process should be able to open: 4096.
	Files uint64
	// Certificate is how long one should still be good: 14 days.
	Certificate time.Duration
}

func (o *Options) complete() {
	b := &o.Bounds
	b.Version = cmp.Or(b.Version, 140000)
	b.Queue, b.QueueFail = cmp.Or(b.Queue, 0.25), cmp.Or(b.QueueFail, 0.5)
	b.Connections, b.ConnectionsFail = cmp.Or(b.Connections, 0.8), cmp.Or(b.ConnectionsFail, 0.95)
	b.Lag, b.LagFail = cmp.Or(b.Lag, 5*time.Second), cmp.Or(b.LagFail, time.Minute)
	b.Lock = cmp.Or(b.Lock, 10*time.Second)
	b.Transaction = cmp.Or(b.Transaction, 5*time.Minute)
	b.Skew, b.SkewFail = cmp.Or(b.Skew, time.Second), cmp.Or(b.SkewFail, 30*time.Second)
	b.LogBytes = cmp.Or(b.LogBytes, 16<<30)
	b.Files = cmp.Or(b.Files, 4096)
	b.Certificate = cmp.Or(b.Certificate, 14*24*time.Hour)
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	o.Retention = cmp.Or(o.Retention, 168*time.Hour)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Client == nil {
		o.Client = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}}
	}
}
