package transport

import (
	"rowcast/internal/errcode"
	"rowcast/internal/hub/signal"
	"rowcast/internal/wire/websocket"
)

// The codes beside those of the hub. Each is also the code of an error
// message or of a problem document.
const (
	TokenExpired  errcode.Code = "token-expired"
	RateLimited   errcode.Code = "rate-limited"
	BadRequest    errcode.Code = "bad-request"
	InvalidToken  errcode.Code = "invalid-token"
	Forbidden     errcode.Code = "forbidden"
	AuthTimeout   errcode.Code = "auth-timeout"
	LimitExceeded errcode.Code = "limit-exceeded"
	Revoked       errcode.Code = "revoked"
	// TooBig, BadFrame, BadText and Unavailable have close codes of RFC 6455.
	TooBig      errcode.Code = "message-too-big"
	BadFrame    errcode.Code = "protocol-error"
	BadText     errcode.Code = "invalid-text"
	Unavailable errcode.Code = "unavailable"
)

// Close is how a session ends, as the client sees it.
type Close struct {
	Code errcode.Code
	// Number is the WebSocket close code.
	Number int
	// ComesBack: the client connects again by itself.
	ComesBack bool
}

// closes is the table.
//
//nolint:gochecknoglobals // a table, never written
var closes = [...]Close{
	{signal.Gone, 1000, false},
	{BadFrame, 1002, false},
	{BadText, 1007, false},
	{TooBig, 1009, false},
	{Unavailable, 1013, true},
	{signal.Shutdown, 4001, true},
	{signal.SlowConsumer, 4002, true},
	{TokenExpired, 4003, true},
	{signal.NoPong, 4005, true},
	{RateLimited, 4006, true},
	{signal.PolicyChanged, 4007, true},
	{BadRequest, 4500, false},
	{InvalidToken, 4501, false},
	{Forbidden, 4502, false},
	{AuthTimeout, 4503, false},
	{LimitExceeded, 4504, false},
	{Revoked, 4505, false},
}

// Closes lists the table, for documents, metrics and tests.
func Closes() []Close { return closes[:] }

// Codes lists the codes of the table.
func Codes() (codes []errcode.Code) {
	for _, c := range closes {
		codes = append(codes, c.Code)
	}
	return codes
}

// RefusalCodes are the codes of requests that are refused.
func RefusalCodes() []errcode.Code {
	return []errcode.Code{BadRequest, Forbidden, InvalidToken, LimitExceeded, RateLimited, Revoked, signal.Shutdown, TokenExpired, Unavailable}
}

// CloseOf looks a code up. An unknown one is a bad request.
func CloseOf(code errcode.Code) Close {
	for _, c := range closes {
		if c.Code == code {
			return c
		}
	}
	return Close{code, 4500, false}
}

// AppendCloseFrame appends the WebSocket frame of a code. Its reason is the
// code, and the detail.
func AppendCloseFrame(b []byte, code errcode.Code, detail string) []byte {
	reason := string(code)
	if detail != "" {
		reason += "; " + detail
	}
	if code == signal.Gone {
		reason = ""
	}
	return websocket.AppendClose(b, CloseOf(code).Number, reason)
}

// Refusal is what a client receives about a command that was not done.
type Refusal struct {
	Code    errcode.Code
	Message string
	// Ends: the session cannot go on.
	Ends bool
}

func (r *Refusal) Error() string { return string(r.Code) + ": " + r.Message }
