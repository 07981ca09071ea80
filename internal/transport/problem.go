package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"rowcast/internal/errcode"
	"rowcast/internal/transport/refusal"
)

// The codes that only problem documents have.
const (
	NotFound errcode.Code = "not-found"
	Conflict errcode.Code = "conflict"
	Internal errcode.Code = "internal"
)

// Problem is why a request is refused. The client gets it as a problem document
// of RFC 9457, with type and title of the code from the registry.
type Problem struct {
	Status int
	Code   errcode.Code
	// Detail says what is wrong and what to do.
	Detail string
	// Retry, if not 0, is how long to wait before trying again. It is sent in whole
	// seconds, and never less.
	Retry time.Duration
	// Allow, if not empty, is the method that the path takes.
	Allow string
	// About is what the refusal is about, in a word, and Cause why, for the log:
	// without it the log has Detail. An error about a token says both by itself.
	About string
	Cause error
}

// Reason is what is counted and logged of it.
func (p *Problem) Reason() refusal.Reason {
	return refusal.Reason{Code: p.Code, About: p.About, Detail: p.Detail, Cause: p.Cause}
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// document is the JSON of a Problem.
type document struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail"`
	Code   errcode.Code `json:"code"`
}

// Write answers the request.
func (p *Problem) Write(w http.ResponseWriter) {
	status := p.Status
	body, err := json.Marshal(document{
		Type: p.Code.URN(), Title: p.Code.Title(), Status: status, Detail: p.Detail, Code: p.Code,
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
	if p.Retry > 0 {
		header.Set("Retry-After", strconv.Itoa(int((p.Retry+time.Second-1)/time.Second)))
	}
	if p.Allow != "" {
		header.Set("Allow", p.Allow)
	}
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client has gone if this fails
}

// Response is the whole answer, for a connection that is closed after it.
func (p *Problem) Response() []byte {
	w := &recorder{header: http.Header{"Connection": {"close"}}}
	p.Write(w)
	w.header.Set("Content-Length", strconv.Itoa(w.body.Len()))
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", w.status, http.StatusText(w.status))
	_ = w.header.Write(&b) // a buffer takes everything
	b.WriteString("\r\n")
	b.Write(w.body.Bytes())
	return b.Bytes()
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// WriteProblem refuses a request.
func WriteProblem(w http.ResponseWriter, status int, code errcode.Code, detail string) {
	(&Problem{Status: status, Code: code, Detail: detail}).Write(w)
}
