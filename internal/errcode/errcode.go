package errcode

import (
	"cmp"
	"errors"
	"slices"
)

// Code names one kind of trouble. It is stable: programs may rely on it.
type Code string

// Area is where a code is met; areas may be added up.
type Area uint8

// The areas.
const (
	// Client: problem documents, error messages and close reasons.
	Client Area = 1 << iota
	// Ready: the reasons of /readyz.
	Ready
	// Command: what a command ends with.
	Command
	// Doctor: what rowcast doctor looks for.
	Doctor
)

// Entry is what is to be known of a code.
type Entry struct {
	Code Code
	// Met is where, any number of areas.
	Met Area
	// Check is what rowcast doctor looks at, in a few words; set only for what it
	// looks for.
	Check string
	// What is wrong, Why it happens, and what to Do, each as a sentence.
	What, Why, Do string
}

// All is the registry, in the order of the page.
func All() []Entry { return slices.Concat(client(), command(), connection(), schema(), load(), host()) }

// Find looks a code up.
func Find(code Code) (Entry, bool) {
	for _, e := range All() {
		if e.Code == code {
			return e, true
		}
	}
	return Entry{}, false
}

// URN names a code in the type of a problem document.
func (c Code) URN() string { return "urn:rowcast:error:" + string(c) }

// Title is what is wrong, without the full stop, for a code of the registry.
func (c Code) Title() string {
	e, ok := Find(c)
	if !ok {
		return string(c)
	}
	return e.What[:len(e.What)-1]
}

// coded is an error with its code.
type coded struct {
	error
	code Code
}

func (c coded) Unwrap() error { return c.error }

// ErrorCode is the code.
func (c coded) ErrorCode() Code { return c.code }

// With gives an error its code. Without an error it is nil.
func With(code Code, err error) error {
	if err == nil {
		return nil
	}
	return coded{err, code}
}

// misuse is an error that its caller can mend.
type misuse struct{ error }

func (m misuse) Unwrap() error { return m.error }

// ErrorCode is that of what it wraps, or else Usage.
func (m misuse) ErrorCode() Code { return cmp.Or(Of(m.error), Usage) }

// Misuse marks an error as a mistake in how a program was called. It keeps the code of
// the error, if that has one. Without an error it is nil.
func Misuse(err error) error {
	if err == nil {
		return nil
	}
	return misuse{err}
}

// IsMisuse says whether an error was marked by Misuse.
func IsMisuse(err error) bool {
	_, is := errors.AsType[misuse](err)
	return is
}

// Of is the code of an error, by its method ErrorCode or given by With; empty if it has
// none.
func Of(err error) Code {
	if c, ok := errors.AsType[interface {
		error
		ErrorCode() Code
	}](err); ok {
		return c.ErrorCode()
	}
	return ""
}
