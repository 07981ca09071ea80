package origin

import (
	"net/http"
	"time"

	"github.com/rs/cors"
)

// NewCORS answers cross-origin requests of browsers as allowed does, that of Origins.
// Credentials are allowed because clients may ask for them; no cookie means anything
// to us. Whatever headers a page wants to send, it may.
func NewCORS(allowed func(r *http.Request) bool) *cors.Cors {
	return cors.New(cors.Options{
		AllowOriginVaryRequestFunc: func(r *http.Request, _ string) (bool, []string) { return allowed(r), nil },
		AllowedMethods: []string{
			http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		},
		// Tools for tracing add headers to what a page sends, which nobody here reads.
		AllowedHeaders:   []string{"*"},
		ExposedHeaders:   []string{"Retry-After"},
		AllowCredentials: true,
		MaxAge:           int((10 * time.Minute).Seconds()),
	})
}
