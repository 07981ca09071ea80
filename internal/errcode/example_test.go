package errcode_test

import (
	"errors"
	"fmt"

	"rowcast/internal/errcode"
)

// An error keeps its code, however often it is wrapped.
func ExampleWith() {
	err := errcode.With("not-migrated", errors.New("there is no schema rowcast"))
	err = fmt.Errorf("read the status: %w", err)
	fmt.Println(err)
	fmt.Println(errcode.Of(err))
	// Output:
	// read the status: there is no schema rowcast
	// not-migrated
}

// For people an error ends with why, what to do and its code.
func ExampleExplain() {
	fmt.Print(errcode.Explain("address-in-use"))
	// Output:
	//   why:  Another program, or another rowcast serve, listens there.
	//   do:   Choose another with ADDR or ADMIN_ADDR, or end the other program.
	//   code: address-in-use
}
