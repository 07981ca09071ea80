package logrow

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// noText stands for bytes that are not UTF-8. They come from a database in SQL_ASCII,
// which takes any. A tenant stays as it is: what a token names is UTF-8, and is never
// taken for another.
const noText = "\uFFFD"

func mend(image json.RawMessage) json.RawMessage {
	if utf8.Valid(image) {
		return image
	}
	return bytes.ToValidUTF8(image, []byte(noText))
}

func mendText(s string) string { return strings.ToValidUTF8(s, noText) }
