package auth_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rowcast/internal/access/auth"
)

// A token says who somebody is and which tenants that one may follow. The verifier
// believes nothing else.
func ExampleVerifier() {
	secret := []byte("correct horse battery staple, and 3")
	token, err := auth.Mint(secret, auth.MintClaims{Subject: "ada", Tenants: []string{"acme"}}, time.Hour)
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := auth.New(context.Background(), auth.Options{Secret: secret})
	if err != nil {
		fmt.Println(err)
		return
	}
	id, err := verifier.Verify(context.Background(), token)
	fmt.Println(id.Subject, id.Allows("acme"), id.Allows("borealis"), err)

	_, err = verifier.Verify(context.Background(), token+"x")
	fmt.Println(errors.Is(err, auth.ErrInvalid))
	// Output:
	// ada true false <nil>
	// true
}

// Where no header can be set a ticket stands for the token, once.
func ExampleTickets() {
	var tickets auth.Tickets
	ticket, _, err := tickets.Issue(auth.Identity{Subject: "ada", Expires: time.Now().Add(time.Hour)})
	if err != nil {
		fmt.Println(err)
		return
	}
	id, ok := tickets.Redeem(ticket)
	fmt.Println(id.Subject, ok)
	_, ok = tickets.Redeem(ticket)
	fmt.Println(ok)
	// Output:
	// ada true
	// false
}
