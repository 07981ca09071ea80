package row

import (
	"bytes"
	"cmp"
	"strconv"
)

const (
	// safeLength is how long a number without exponent may be and certainly
	// fit a double: 15 decimal digits survive the way there and back.
	safeLength = 15
	// mostDigits is how many significant digits a double can need.
	mostDigits = 17
	// maxSafe is 2^53-1, the largest integer that JSON readers hold safely.
	maxSafe = "9007199254740991"
	// maxExponent bounds exponents, so that sums with them cannot overflow.
	maxExponent = 1 << 30
)

// fits says whether a JSON number survives a reader that keeps numbers as
// doubles: an integer up to 2^53-1 either way, anything else when the shortest
// text of the double has the same significant digits. known is false for text
// that is no number.
func fits(token []byte) (known, fit bool) {
	var buf, again [32]byte
	d, known := parseDecimal(token, buf[:0])
	switch {
	case !known:
		return false, false
	case len(d.digits) == 0:
		return true, true
	case d.integer:
		n := d.point // the number of digits before the decimal point
		return true, n < len(maxSafe) || (n == len(maxSafe) && string(d.digits) <= maxSafe)
	case len(d.digits) > mostDigits:
		return true, false
	}
	f, err := strconv.ParseFloat(string(token), 64)
	if err != nil { // out of range
		return true, false
	}
	var text [32]byte
	short, _ := parseDecimal(strconv.AppendFloat(text[:0], f, 'e', -1, 64), again[:0])
	return true, bytes.Equal(d.digits, short.digits)
}

// CompareNumbers compares two JSON numbers exactly. ok is false unless both
// are numbers.
func CompareNumbers(x, y []byte) (order int, ok bool) {
	var a, b [32]byte
	dx, okX := parseDecimal(x, a[:0])
	dy, okY := parseDecimal(y, b[:0])
	if !okX || !okY {
		return 0, false
	}
	return dx.compare(dy), true
}

// decimal is the number 0.digits * 10^point, negated if negative.
type decimal struct {
	negative bool
	// digits are the significant digits, without zeros at either end; empty
	// for zero.
	digits []byte
	point  int
	// integer is true when the text has no decimal point and no exponent.
	integer bool
}

// parseDecimal reads a JSON number, collecting its digits in buf. Leading
// zeros are let pass.
func parseDecimal(token, buf []byte) (d decimal, ok bool) {
	i := 0
	if at(token, i) == '-' {
		d.negative = true
		i++
	}
	d.integer = true
	end, digits, _ := collect(token, i, buf)
	if end == i {
		return d, false
	}
	d.point = len(digits)
	if i = end; at(token, i) == '.' {
		d.integer = false
		var zeros int
		if end, digits, zeros = collect(token, i+1, digits); end == i+1 {
			return d, false
		}
		d.point -= zeros
		i = end
	}
	if c := at(token, i); c == 'e' || c == 'E' {
		d.integer = false
		var exponent int
		exponent, i = parseExponent(token, i+1)
		d.point += exponent
	}
	d.digits = bytes.TrimRight(digits, "0")
	return d, i == len(token)
}

// collect appends the digits from i on to digits, without zeros in front, and
// returns the place after them and the number of zeros left out.
func collect(token []byte, i int, digits []byte) (end int, grown []byte, zeros int) {
	for ; i < len(token) && '0' <= token[i] && token[i] <= '9'; i++ {
		if token[i] == '0' && len(digits) == 0 {
			zeros++
		} else {
			digits = append(digits, token[i])
		}
	}
	return i, digits, zeros
}

// parseExponent reads an exponent and returns the place after it, -1 if there is
// none.
func parseExponent(token []byte, i int) (exponent, end int) {
	sign := 1
	switch at(token, i) {
	case '-':
		sign = -1
		i++
	case '+':
		i++
	}
	start := i
	for ; i < len(token) && '0' <= token[i] && token[i] <= '9'; i++ {
		exponent = min(exponent*10+int(token[i]-'0'), maxExponent)
	}
	if i == start {
		return 0, -1
	}
	return sign * exponent, i
}

// compare is -1, 0 or 1 as d is less than, equal to or greater than o.
func (d decimal) compare(o decimal) int {
	sign := d.sign()
	if other := o.sign(); sign != other || sign == 0 {
		return cmp.Compare(sign, other)
	}
	return sign * cmp.Or(cmp.Compare(d.point, o.point), bytes.Compare(d.digits, o.digits))
}

func (d decimal) sign() int {
	switch {
	case len(d.digits) == 0:
		return 0
	case d.negative:
		return -1
	default:
		return 1
	}
}
