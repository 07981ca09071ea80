package row

import (
	"cmp"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rowcast/internal/test/rows"
)

func TestNumbers(t *testing.T) {
	t.Parallel()
	stay := strings.Fields(`
		0 -0 1 -1 42 999999999999999 1000000000000000 9007199254740990 9007199254740991 -9007199254740991
		0.0 -0.0 0.1 -0.5 1.10 1.1000000000000000000000 0.30000000000000004 3.141592653589793 0.000000000000000000001
		149.90 123456789012345.000000 9007199254740992.0 1234567890123456.0 2251799813685249.5 0.00000000000000000000
		1e0 1E3 1e+20 1.5e-7 1e308 1.7976931348623157e308 2.2250738585072014e-308 5e-324 0e400 -0e-400 1.0e+2`)
	quoted := strings.Fields(`
		9007199254740992 -9007199254740992 4503599627370497.5 9007199254740993 9999999999999999 10000000000000000 9223372036854775807
		-9223372036854775808 18446744073709551615 100000000000000000000 12345678901234567890.123 0.1234567890123456789
		9007199254740993.0 9007199254740993e0 1.00000000000000000001 0.30000000000000000004 3.14159265358979323846
		1e400 -1e400 1e-400 4.9e-324 1.7976931348623159e308 123456789012345678e-400 1e999999999999999999999`)
	pass := strings.Fields(`"NaN" "Infinity" "-Infinity" "9223372036854775807" null true false [9223372036854775807] {"a":1e400}`)
	for want, tokens := range map[string][]string{"%s": append(stay, pass...), `"%s"`: quoted} {
		for _, token := range tokens {
			r := Scan(fmt.Appendf(nil, `{"a":%s,"b": %s }`, token, token), nil)
			value := fmt.Sprintf(want, token)
			if got, want := string(r.Normal(r.Text)), fmt.Sprintf(`{"a":%s,"b": %s }`, value, value); !r.OK || got != want {
				t.Errorf("row with %s becomes %s, want %s", token, got, want)
			}
			if got := string(r.AppendValue(nil, r.Find("b"))); got != value {
				t.Errorf("column %s becomes %s, want %s", token, got, value)
			}
		}
	}
}

// TestFitsAgreesWithRationals compares fits with exact arithmetic: what a
// double prints is the number itself.
func TestFitsAgreesWithRationals(t *testing.T) {
	t.Parallel()
	limit := new(big.Rat).SetInt64(1<<53 - 1)
	rapid.Check(t, func(t *rapid.T) {
		token := rows.Number().Draw(t, "token")
		exact, ok := new(big.Rat).SetString(token)
		if !ok {
			t.Fatalf("%s is no rational", token)
		}
		var want bool
		if !strings.ContainsAny(token, ".eE") {
			want = new(big.Rat).Abs(exact).Cmp(limit) <= 0
		} else if f, err := strconv.ParseFloat(token, 64); err == nil {
			printed, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
			want = ok && printed.Cmp(exact) == 0
		}
		known, fit := fits([]byte(token))
		if !known || fit != want {
			t.Fatalf("fits(%s) = %v, %v; want %v", token, known, fit, want)
		}
		if end, plain := skipNumber([]byte(token+"}"), 0); end != len(token) || (plain && !want) {
			t.Fatalf("skipNumber(%s) = %d, %v; a double holds it: %v", token, end, plain, want)
		}
	})
}

func TestCompareNumbersAgreesWithRationals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := rows.Number().Draw(t, "x")
		y := rapid.OneOf(rows.Number(), rapid.Just(x), rapid.Just(x+"0")).Draw(t, "y")
		rx, okX := new(big.Rat).SetString(x)
		ry, okY := new(big.Rat).SetString(y)
		if !okX || !okY {
			t.Fatalf("%s or %s is no rational", x, y)
		}
		if got, ok := CompareNumbers([]byte(x), []byte(y)); !ok || got != rx.Cmp(ry) {
			t.Fatalf("CompareNumbers(%s, %s) = %d, %v; want %d", x, y, got, ok, rx.Cmp(ry))
		}
	})
	for _, ascending := range []string{
		"-1e3 -100 -10.5 -10.49 -9 -0.5 -0.05 -0 0.005 0.0499 0.05 0.5 0.51 5 10 10.01 1e2 1001e-1 1e999999999999",
		"9007199254740992 9007199254740993 9007199254740993.0000001 9007199254740994",
	} {
		list := strings.Fields(ascending)
		for i, x := range list {
			for k, y := range list {
				if got, ok := CompareNumbers([]byte(x), []byte(y)); !ok || got != cmp.Compare(i, k) {
					t.Errorf("CompareNumbers(%s, %s) = %d, %v", x, y, got, ok)
				}
			}
		}
	}
	for _, bad := range []string{"", "-", "null", `"1"`, "1.", ".5", "1e", "1e+", "1x", "--1", "1e5.5", "NaN"} {
		if order, ok := CompareNumbers([]byte(bad), []byte("1")); ok {
			t.Errorf("CompareNumbers(%q, 1) = %d", bad, order)
		}
	}
}
