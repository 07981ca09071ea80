package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gorilla/mux"

	"rowcast/internal/demo/inventory"
	"rowcast/internal/transport"
)

const (
	maxBody  = 64 << 10
	maxText  = 200     // characters of a name or a reason
	maxLines = 100     // skus of an order
	maxUnits = 100_000 // of one sku at once
	maxRows  = 500     // in a list
)

// decode reads the body, one JSON object. example is what it should look like.
func decode[T any](c *caller, example string) (value T, err error) {
	d := json.NewDecoder(c.Body)
	d.DisallowUnknownFields()
	if err = d.Decode(&value); err == nil {
		err = ends(d)
	}
	if err == nil {
		return value, nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return value, refused(http.StatusRequestEntityTooLarge, transport.TooBig, "the body is longer than 64 KiB")
	}
	return value, badRequest("%s; send %s", wrong(err), example)
}

// ends checks that nothing follows the value that was read.
func ends(d *json.Decoder) error {
	_, err := d.Token()
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return errors.New("the body goes on after its object")
}

// wrong says what is wrong with a body.
func wrong(err error) string {
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if mistyped.Field == "" {
			return "the body is a JSON " + mistyped.Value
		}
		want := map[string]string{"string": "a text", "int32": "a whole number", "slice": "a list"}[mistyped.Type.Kind().String()]
		if want == "" {
			want = "an object"
		}
		return fmt.Sprintf("%s has to be %s, not %s", mistyped.Field, want, mistyped.Value)
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return "there is no field " + field
	}
	if errors.Is(err, io.EOF) {
		return "the body is empty"
	}
	if _, ok := errors.AsType[*json.SyntaxError](err); ok || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the body is no JSON"
	}
	return err.Error()
}

func badRequest(format string, args ...any) *refusal {
	return refused(http.StatusBadRequest, transport.BadRequest, fmt.Sprintf(format, args...))
}

// uuidForm is the form in which PostgreSQL writes uuids, in either case.
const uuidForm = `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`

func isUUID(s string) bool {
	ok, err := regexp.MatchString(uuidForm, s)
	return ok && err == nil
}

// uuid checks an id. field says where it comes from.
func uuid(field, value string) (string, error) {
	if !isUUID(value) {
		return "", badRequest("%s has to be a uuid, such as fedaaf02-5a3c-4b0e-8f41-2f4b9cbb1d0a", field)
	}
	return strings.ToLower(value), nil
}

// id is the one in the path.
func (c *caller) id() (string, error) { return uuid("the id in the path", mux.Vars(c.Request)["id"]) }

// limit is how many rows of a list are wanted.
func (c *caller) limit(otherwise int) (int, error) {
	text := c.URL.Query().Get("limit")
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxRows {
		return 0, badRequest("limit has to be a whole number from 1 to %d", maxRows)
	}
	return n, nil
}

// text checks a text that people read.
func text(field, value string) (string, error) {
	value = strings.TrimSpace(value)
	if value == "" || !utf8.ValidString(value) || utf8.RuneCountInString(value) > maxText || strings.ContainsFunc(value, unicode.IsControl) {
		return "", badRequest("%s has to be a text of 1 to %d characters, none of them control characters", field, maxText)
	}
	return value, nil
}

// item is one line of an order in a request.
type item struct {
	SKUID    string `json:"skuId"`
	Quantity int32  `json:"quantity"`
}

// lines checks the items of an order.
func lines(items []item) (l inventory.Lines, err error) {
	if len(items) < 1 || len(items) > maxLines {
		return l, badRequest("items has to be a list of 1 to %d skus", maxLines)
	}
	seen := make(map[string]bool)
	for i, item := range items {
		id, err := uuid(fmt.Sprintf("items[%d].skuId", i), item.SKUID)
		switch {
		case err != nil:
			return l, err
		case seen[id]:
			return l, badRequest("items[%d].skuId comes twice; give each sku once, with the sum of its quantities", i)
		case item.Quantity < 1 || item.Quantity > maxUnits:
			return l, badRequest("items[%d].quantity has to be a whole number from 1 to %d", i, maxUnits)
		}
		seen[id] = true
		l.SKUs, l.Units = append(l.SKUs, id), append(l.Units, item.Quantity)
	}
	return l, nil
}
