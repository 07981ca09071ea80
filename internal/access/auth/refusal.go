package auth

import (
	"errors"
	"fmt"
	"time"
)

// Why a request has no identity. Each can be sent to the client: PublicText gives the
// words.
var (
	// ErrInvalid: the token is forged, malformed or not meant for us. The same
	// token never becomes valid.
	ErrInvalid = errors.New("token is not valid")
	// ErrExpired: the token was good once. A fresh one helps.
	ErrExpired = errors.New("token has expired")
	// ErrRevoked: the token was good once and was called back. The same token
	// does not become valid again.
	ErrRevoked = errors.New("token has been revoked")
	// ErrUnavailable: the token cannot be accepted yet. The key that signed it is
	// not at hand, because the key set cannot be fetched, or not yet again; or its
	// time has not come by the clock here. Trying again later helps.
	ErrUnavailable = errors.New("tokens cannot be checked at the moment")
	// ErrNoToken: the request carries no token.
	ErrNoToken = errors.New("no token was sent")
	// ErrTokenInQuery: the request carries a token in its URL, where logs keep it.
	ErrTokenInQuery = errors.New("a token must not be sent in the URL")
)

// refusalError is one of the errors above with its reason.
type refusalError struct {
	kind error
	// public is for the client. It repeats nothing of the token.
	public string
	// cause is for the log and may be nil.
	cause error
	// wait is how long it takes until trying again helps, 0 if nobody knows.
	wait time.Duration
	why  Why
}

func (r *refusalError) Error() string {
	if r.cause == nil {
		return r.public
	}
	return fmt.Sprintf("%s: %v", r.public, r.cause)
}

func (r *refusalError) Is(target error) bool { return target == r.kind }

func (r *refusalError) Unwrap() error { return r.cause }

// Refuse is an error of this package for what other parts know about a token: the
// kind, with its text for the client, and the reason for the log.
func Refuse(kind, cause error) error {
	return &refusalError{kind: kind, public: kind.Error(), cause: cause, why: Why{Kind: wordOf(kind)}}
}

func invalid(public string, cause error) *refusalError {
	return &refusalError{kind: ErrInvalid, public: public, cause: cause}
}

// Why is what a refusal is about, for logs.
type Why struct {
	// Kind is a word: none, url, malformed, algorithm, key, signature, claim, time,
	// expired, revoked or unavailable; empty if it is not known.
	Kind string
	// Algorithm and KeyID are what the header of the token says: anybody can write
	// anything there. Claim is the one that is not as it should be.
	Algorithm, KeyID, Claim string
}

// WhyOf is what an error of this package is about.
func WhyOf(err error) Why {
	if r, ok := errors.AsType[*refusalError](err); ok {
		return r.why
	}
	return Why{Kind: wordOf(err)}
}

// wordOf is the Kind of an error that says no more.
func wordOf(err error) string {
	for word, kind := range map[string]error{
		"none": ErrNoToken, "url": ErrTokenInQuery, "expired": ErrExpired, "revoked": ErrRevoked, "unavailable": ErrUnavailable,
	} {
		if errors.Is(err, kind) {
			return word
		}
	}
	return ""
}

// Wait is how long it takes until the same token is accepted, after ErrUnavailable;
// 0 if nobody knows.
func Wait(err error) time.Duration {
	if r, ok := errors.AsType[*refusalError](err); ok {
		return r.wait
	}
	return 0
}

// PublicText is what a client may read about an error of this package. Before the
// signature of a token is known to be good the text is always the same.
func PublicText(err error) string {
	if r, ok := errors.AsType[*refusalError](err); ok {
		return r.public
	}
	return ErrInvalid.Error()
}
