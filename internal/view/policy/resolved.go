package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// version is that of the stored form.
const version = 1

// resolved is a policy as it is stored: bound to tables, with the columns of each role.
type resolved struct {
	Version int             `json:"version"`
	Tables  []resolvedTable `json:"tables"`
}

type resolvedTable struct {
	ID   int64  `json:"id"`
	Stem string `json:"stem"`
	// Columns are those that the table had.
	Columns []resolvedColumn `json:"columns"`
	// Open is true of a table without roles, which is everybody's.
	Open   bool            `json:"open,omitempty"`
	Roles  []resolvedRole  `json:"roles,omitempty"`
	Events []resolvedEvent `json:"events,omitempty"`
}

type resolvedColumn struct {
	Name   string `json:"name"`
	Number int    `json:"number,omitempty"`
}

// resolvedRole sees nothing unless it says more.
type resolvedRole struct {
	Name    string   `json:"name"`
	All     bool     `json:"all,omitempty"`
	Columns []string `json:"columns,omitempty"`
	Rows    string   `json:"rows,omitempty"`
}

type resolvedEvent struct {
	Name string   `json:"name"`
	On   []string `json:"on"`
	When string   `json:"when,omitempty"`
	Data []string `json:"data,omitempty"`
}

func (r *resolved) encode() ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode the policy: %w", err)
	}
	return text, nil
}

// decode reads the stored form, strictly: what is not understood may be a rule.
func decode(text []byte) (*resolved, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	r := &resolved{}
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("read the stored policy: %w", err)
	}
	if r.Version != version || d.More() {
		return nil, fmt.Errorf("the stored policy is of version %d, and this server knows version %d; apply it again", r.Version, version)
	}
	return r, nil
}
