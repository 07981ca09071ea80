package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// version is that of the stored form.
const version = 1

// Stored is a policy as it is stored: bound to tables, with the columns of each role.
type Stored struct {
	Version int           `json:"version"`
	Tables  []StoredTable `json:"tables"`
}

// StoredTable is what is stored of a table.
type StoredTable struct {
	ID   int64  `json:"id"`
	Stem string `json:"stem"`
	// Columns are those that the table had.
	Columns []StoredColumn `json:"columns"`
	// Open is true of a table without roles, which is everybody's.
	Open   bool          `json:"open,omitempty"`
	Roles  []StoredRole  `json:"roles,omitempty"`
	Events []StoredEvent `json:"events,omitempty"`
}

// StoredColumn is a column that a table had.
type StoredColumn struct {
	Name   string `json:"name"`
	Number int    `json:"number,omitempty"`
}

// StoredRole sees nothing unless it says more.
type StoredRole struct {
	Name    string   `json:"name"`
	All     bool     `json:"all,omitempty"`
	Columns []string `json:"columns,omitempty"`
	Rows    string   `json:"rows,omitempty"`
}

// StoredEvent is what is stored of an event.
type StoredEvent struct {
	Name string   `json:"name"`
	On   []string `json:"on"`
	When string   `json:"when,omitempty"`
	Data []string `json:"data,omitempty"`
}

func (s *Stored) encode() ([]byte, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encode the policy: %w", err)
	}
	return text, nil
}

// Read reads the stored form, strictly: what is not understood may be a rule.
func Read(stored []byte) (*Stored, error) {
	d := json.NewDecoder(bytes.NewReader(stored))
	d.DisallowUnknownFields()
	s := &Stored{}
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("read the stored policy: %w", err)
	}
	if s.Version != version || d.More() {
		return nil, fmt.Errorf("the stored policy is of version %d, and this server knows version %d; apply it again", s.Version, version)
	}
	return s, nil
}

// Rebind returns the stored form for tables that have other numbers by now: moved says
// which. Another table that took the stem of one gets its rules, too, unless it has some:
// rules of a table that was replaced hold for what took its place. What cannot be read
// stays as it is, and is closed when it is loaded.
func Rebind(stored []byte, moved map[int64]int64, tables []Table) ([]byte, error) {
	s, err := Read(stored)
	if err != nil {
		return stored, nil //nolint:nilerr // Load says so
	}
	bound := map[int64]bool{}
	for i := range s.Tables {
		t := &s.Tables[i]
		if to, known := moved[t.ID]; known {
			t.ID = to
		}
		bound[t.ID] = true
	}
	for _, t := range slices.Clone(s.Tables) {
		for i := range tables {
			if tables[i].Stem == t.Stem && !bound[tables[i].ID] && t.ID != presenceID {
				t.ID = tables[i].ID
				bound[t.ID] = true
				s.Tables = append(s.Tables, t)
			}
		}
	}
	return s.encode()
}
