package config

import "strings"

// Suggest is the candidate that somebody who wrote word most likely meant, or
// empty when none is near. Case and the difference between "-" and "_" do not
// count; leaving out or adding leading parts, as in --retention for
// --rowcast-retention, is a near miss.
func Suggest(word string, candidates []string) string {
	word = fold(word)
	// A slip costs two, leading parts left out or added cost three together.
	const slip, parts = 2, 3
	best, bestCost := "", 1+max(parts, slip*min(3, len(word)/3))
	for _, candidate := range candidates {
		c := fold(candidate)
		cost := slip * distance(word, c)
		if word != "" && (strings.HasSuffix(c, "-"+word) || strings.HasSuffix(word, "-"+c)) {
			cost = min(cost, parts)
		}
		if cost < bestCost {
			best, bestCost = candidate, cost
		}
	}
	return best
}

func fold(s string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimLeft(s, "-"), "_", "-"))
}

// distance is the Damerau-Levenshtein distance in its restricted form: how many
// insertions, deletions, substitutions and swaps of neighbours lead from a to b.
func distance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	// rows[i%3][j] is the distance between the first i bytes of a and the
	// first j bytes of b.
	var rows [3][longest + 1]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, above, twoAbove := &rows[i%3], &rows[(i-1)%3], &rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], twoAbove[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
