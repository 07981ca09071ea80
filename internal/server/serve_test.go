package server_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"rowcast/internal/server"
	"rowcast/internal/test/raw"
)

// TestBodyThatDoesNotCome: who promises a body and does not send it is not waited
// for without end, also where nobody reads it; one that came whole sets no bound
// to the answer.
func TestBodyThatDoesNotCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		listener := raw.NewPipes()
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/long" {
				_, _ = io.Copy(io.Discard, r.Body)
				select {
				case <-time.After(time.Hour):
				case <-r.Context().Done():
					t.Error("the answer was given up")
				}
			}
			_, _ = io.WriteString(w, "done")
		})
		served := make(chan error, 1)
		go func() {
			served <- server.Serve(ctx, listener, server.Options{Handler: handler, Log: slog.New(slog.DiscardHandler)})
		}()
		for request, gone := range map[string]bool{
			"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n":      true,
			"POST /long HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody": false,
		} {
			client, _ := listener.Dial(ctx, "", "")
			if _, err := io.WriteString(client, request); err != nil {
				t.Fatal(err)
			}
			if err := client.SetReadDeadline(time.Now().Add(2 * time.Hour)); err != nil {
				t.Fatal(err)
			}
			r, err := http.ReadResponse(bufio.NewReader(client), nil)
			if err != nil {
				t.Fatalf("%q: %v", request, err)
			}
			if body, err := io.ReadAll(r.Body); err != nil || string(body) != "done" || r.Close != gone {
				t.Errorf("%q: answered %q, closed %t: %v", request, body, r.Close, err)
			}
			_, _ = r.Body.Close(), client.Close()
		}
		stop()
		if err := <-served; !errors.Is(err, context.Canceled) {
			t.Errorf("Serve ended with %v", err)
		}
	})
}
