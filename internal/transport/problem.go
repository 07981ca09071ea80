package transport

import (
	"encoding/json"
	"net/http"

	"rowcast/internal/hub"
)

// The codes that only problem documents have.
const (
	NotFound hub.Cause = "not-found"
	Conflict hub.Cause = "conflict"
	Internal hub.Cause = "internal"
)

// problem is a problem document of RFC 9457.
type problem struct {
	Type   string    `json:"type"`
	Title  string    `json:"title"`
	Status int       `json:"status"`
	Detail string    `json:"detail"`
	Code   hub.Cause `json:"code"`
}

// WriteProblem refuses a request with a problem document. detail says what is
// wrong and what to do.
func WriteProblem(w http.ResponseWriter, status int, code hub.Cause, detail string) {
	body, err := json.Marshal(problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code,
	})
	if err != nil { // strings and numbers always have a JSON form
		status, body = http.StatusInternalServerError, nil
	}
	header := w.Header()
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client has gone if this fails
}
