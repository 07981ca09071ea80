package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"rowcast/internal/demo/inventory"
	"rowcast/internal/errcode"
	"rowcast/internal/transport"
)

// refusal is an error that is the answer.
type refusal struct{ transport.Problem }

func (r *refusal) Error() string { return r.Detail }

func refused(status int, code errcode.Code, detail string) *refusal {
	return &refusal{transport.Problem{Status: status, Code: code, Detail: detail}}
}

// handle answers with the value that f gives, or with a problem document.
func (a *API) handle(status int, f answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTime)
		defer cancel()
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		value, err := f(ctx, &caller{Request: r})
		var body []byte
		if err == nil {
			body, err = json.Marshal(value)
		}
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(status)
		_, _ = w.Write(append(body, '\n')) // the client has gone if this fails
	})
}

// refuse answers with a problem document. What is nobody's business is logged.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // the client has gone
	}
	answer := problem(err)
	switch answer.Code {
	case transport.Unavailable:
		answer.Retry = time.Second
		a.Log.WarnContext(r.Context(), "inventory request postponed", "method", r.Method, "path", r.URL.Path, "error", err)
	case transport.Internal:
		a.Log.ErrorContext(r.Context(), "inventory request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	answer.Write(w)
}

// problem returns what the client receives about an error.
func problem(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	if conflict, ok := errors.AsType[*inventory.ConflictError](err); ok {
		return refused(http.StatusConflict, transport.Conflict, conflict.Reason)
	}
	if errors.Is(err, inventory.ErrNotFound) {
		return refused(http.StatusNotFound, transport.NotFound, err.Error())
	}
	pg, answered := errors.AsType[*pgconn.PgError](err)
	switch {
	case answered && pg.ConstraintName == "skus_quantity_not_negative":
		return refused(http.StatusConflict, transport.Conflict, "there is not enough in stock")
	case answered && pg.Code == outOfRange:
		return refused(http.StatusBadRequest, transport.BadRequest, "the total would have more than ten digits; take smaller quantities")
	case answered && passing(pg.Code), !answered && lost(err):
		return refused(http.StatusServiceUnavailable, transport.Unavailable, "the database does not answer at the moment; try again")
	}
	return refused(http.StatusInternalServerError, transport.Internal, "something went wrong here; the log of the server says what")
}

// outOfRange is SQLSTATE numeric_value_out_of_range.
const outOfRange = "22003"

// lost says whether the database did not answer, or in time.
func lost(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	return pgconn.SafeToRetry(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// passing says whether an error of PostgreSQL may be gone at the next try: one
// of connections, resources, locks or the operator, or a lost race.
func passing(code string) bool {
	for _, class := range []string{"08", "40", "53", "55", "57"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}
