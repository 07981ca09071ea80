package transport_test

import (
	"fmt"
	"net/http/httptest"

	"rowcast/internal/transport"
)

// What a client says is one of a few commands, or is refused with a reason.
func ExampleParseCommand() {
	_, err := transport.ParseCommand([]byte(`{"type":"join-tenant","tenantId":"acme","events":["order:*"]}`))
	fmt.Println(err)
	_, err = transport.ParseCommand([]byte(`{"type":"subscribe"}`))
	fmt.Println(err != nil)
	// Output:
	// <nil>
	// true
}

// Requests that are refused get a problem document.
func ExampleWriteProblem() {
	w := httptest.NewRecorder()
	transport.WriteProblem(w, 404, transport.NotFound, "there is nothing here")
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 404 application/problem+json
}
