package server

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/pprof"

	"github.com/gorilla/mux"
)

// Problem is one reason not to be ready.
type Problem struct {
	// Code is stable, for machines: "tail-not-live".
	Code string `json:"code"`
	// Detail is for people.
	Detail string `json:"detail"`
}

// AdminOptions has what the operators' listener shows.
type AdminOptions struct {
	// Problems are the reasons not to be ready; none means ready.
	Problems func() []Problem
	// Status is encoded as JSON by /status.
	Status func(ctx context.Context) any
	// Metrics serves /metrics.
	Metrics http.Handler
	// TenantMetrics serves /metrics/tenants.
	TenantMetrics http.Handler
}

// Admin routes the probes, the metrics and the profiler.
func Admin(o AdminOptions) http.Handler {
	router := mux.NewRouter()
	router.HandleFunc("/livez", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	}).Methods(http.MethodGet, http.MethodHead)
	router.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		problems := o.Problems()
		if len(problems) > 0 {
			writeJSON(w, http.StatusServiceUnavailable, map[string]any{"status": "unavailable", "problems": problems})
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{"status": "ok", "problems": []Problem{}})
	}).Methods(http.MethodGet, http.MethodHead)
	router.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, o.Status(r.Context()))
	}).Methods(http.MethodGet, http.MethodHead)
	router.Handle("/metrics", o.Metrics).Methods(http.MethodGet, http.MethodHead)
	if o.TenantMetrics != nil {
		router.Handle("/metrics/tenants", o.TenantMetrics).Methods(http.MethodGet, http.MethodHead)
	}
	// The command line is not shown: its flags may have secrets.
	debug := router.PathPrefix("/debug/pprof").Subrouter()
	debug.HandleFunc("/profile", pprof.Profile)
	debug.HandleFunc("/symbol", pprof.Symbol)
	debug.HandleFunc("/trace", pprof.Trace)
	debug.PathPrefix("/").HandlerFunc(pprof.Index)
	return http.NewCrossOriginProtection().Handler(ownHost(router))
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
