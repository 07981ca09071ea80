package server

import (
	"errors"
	"net/http"
	"time"

	"github.com/gorilla/mux"

	"rowcast/internal/access/auth"
	"rowcast/internal/access/origin"
	"rowcast/internal/errcode"
	"rowcast/internal/transport"
)

// PublicOptions has what the clients' listener serves. Events, History, Rows, Client,
// Pages and API may be nil; the rest is required.
type PublicOptions struct {
	WebSocket http.Handler
	SocketIO  http.Handler
	// Events is the one for Server-Sent Events.
	Events  http.Handler
	History http.Handler
	// Rows is the one for clients that begin.
	Rows    http.Handler
	Tickets *auth.Tickets
	// Client serves the client for TypeScript, below /client/.
	Client http.Handler
	// Gate says which tokens get a ticket, and which pages may use the paths.
	Gate *transport.Gate
	// Pages serves every path that nothing else does; without it they are not
	// found.
	Pages http.Handler
	// API serves what is below /api/.
	API http.Handler
	// OnlyAs, if not nil, are the only names that it answers to, beside those that
	// the machine has for itself.
	OnlyAs []string
}

// Public routes clients.
func Public(o PublicOptions) http.Handler {
	router := mux.NewRouter()
	router.Handle("/ws", o.WebSocket)
	router.Handle("/socket.io/", o.SocketIO)
	router.Handle(`/socket.io/{script:socket\.io(?:\.esm)?(?:\.min)?\.js}`, o.SocketIO)
	router.Handle("/socket.io", o.SocketIO) // of clients with addTrailingSlash: false
	if o.Events != nil {
		router.Handle("/events", o.Events)
	}
	if o.History != nil {
		router.Handle("/history", o.History)
	}
	if o.Rows != nil {
		router.Handle("/rows", o.Rows)
	}
	if o.Client != nil {
		router.PathPrefix("/client/").Handler(o.Client)
	}
	router.Handle("/tickets", ticketOffice(o)).Methods(http.MethodPost)
	if o.API != nil {
		router.PathPrefix("/api/").Handler(o.API)
		router.Handle("/api", o.API)
	}
	router.NotFoundHandler = o.Pages
	if o.Pages == nil {
		router.NotFoundHandler = refuse(http.StatusNotFound, transport.NotFound,
			"there is nothing here; the feed is at /ws, /socket.io/ and /events (Server-Sent Events), what has been at /history, rows at /rows, tickets at /tickets")
	}
	router.MethodNotAllowedHandler = refuse(http.StatusMethodNotAllowed, transport.BadRequest, "the path does not take this method")
	handler := origin.NewCORS(o.Gate.Shares).Handler(o.Gate.Limits.Guard(router))
	if o.OnlyAs != nil {
		handler = onlyAs(o.Gate, o.OnlyAs, handler)
	}
	return handler
}

// ticketOffice hands out a ticket for a token.
func ticketOffice(o PublicOptions) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refused := transport.Parameters{}.Check(r)
		var identity auth.Identity
		if refused == nil {
			identity, refused = o.Gate.Bearer(r)
		}
		if refused != nil {
			o.Gate.Refuse(w, r, refused)
			return
		}
		ticket, life, err := o.Tickets.Issue(identity)
		switch {
		case errors.Is(err, auth.ErrTooManyTickets):
			o.Gate.Refuse(w, r, &transport.Problem{
				Status: http.StatusTooManyRequests, Code: transport.RateLimited, Detail: err.Error(), Retry: time.Second, About: "ticket",
			})
		case err != nil:
			o.Gate.Refuse(w, r, transport.TokenProblem(err))
		default:
			writeJSON(w, http.StatusOK, map[string]any{"ticket": ticket, "expiresIn": int(life / time.Second)})
		}
	})
}

func refuse(status int, code errcode.Code, detail string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		transport.WriteProblem(w, status, code, detail)
	})
}
