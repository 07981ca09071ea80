package bench

// Verdict says whether a bar was met.
type Verdict string

// The verdicts.
const (
	Met           Verdict = "met"
	Missed        Verdict = "missed"
	NotApplicable Verdict = "notApplicable"
)

// Relation is how a figure has to stand to what is wanted.
type Relation string

// The relations.
const (
	AtLeast Relation = ">="
	AtMost  Relation = "<="
)

// Bar is what a figure has to reach.
type Bar struct {
	// Key names the bar in JSON, in camelCase and with the unit of the figure.
	Key string `json:"key"`
	// Name says for people what the figure is.
	Name     string   `json:"name"`
	Figure   Cell     `json:"figure"`
	Relation Relation `json:"relation"`
	Wanted   float64  `json:"wanted"`
	// Unit follows both numbers, as in "x" or "ms".
	Unit    string  `json:"unit"`
	Verdict Verdict `json:"verdict"`
	// Reason says why the bar does not apply.
	Reason string `json:"reason,omitempty"`
}

// Judge makes a bar with its verdict. An unknown figure is judged by nobody.
func Judge(key, name string, figure float64, relation Relation, wanted float64, unit string) Bar {
	b := Bar{Key: key, Name: name, Figure: Figure(figure), Relation: relation, Wanted: wanted, Unit: unit, Verdict: Missed}
	switch {
	case !Known(figure):
		b.Verdict, b.Reason = NotApplicable, "the figure is unknown"
	case relation == AtLeast && figure >= wanted, relation == AtMost && figure <= wanted:
		b.Verdict = Met
	}
	return b
}

// Waive says that the bar does not apply to this run, and why.
func (b Bar) Waive(reason string) Bar {
	b.Verdict, b.Reason = NotApplicable, reason
	return b
}
