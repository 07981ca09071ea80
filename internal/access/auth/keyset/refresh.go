package keyset

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Run keeps the set fresh until ctx ends, and then returns nil.
func (s *Set) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if wait := s.due(); wait > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
			continue
		}
		_ = s.Refresh(ctx) // remembered and logged there
	}
	return nil
}

// due is how long to wait before the next fetch.
func (s *Set) due() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	every := refreshEvery
	if s.lastErr != nil {
		every = refreshGap
	}
	return s.lastAttempt.Add(every).Sub(s.options.Now())
}

// errBroken is the outcome of a fetch that panicked.
var errBroken = errors.New("the fetch did not end")

// Refresh fetches the set, waits for the fetch under way, or does nothing when the
// last one was a moment ago. It returns the error of the last fetch.
func (s *Set) Refresh(ctx context.Context) error {
	_, err := s.refresh(ctx, ctx)
	return err
}

// refresh waits as long as ctx lasts, for a fetch that lasts as long as fetchCtx. began
// says that the fetch began with the call: its answer is of now, that of an earlier one
// of a while ago.
func (s *Set) refresh(ctx, fetchCtx context.Context) (began bool, err error) {
	s.mu.Lock()
	if fetching := s.fetching; fetching != nil {
		s.mu.Unlock()
		select {
		case <-fetching:
			return false, s.outcome()
		case <-ctx.Done():
			return false, fmt.Errorf("wait for key set: %w", context.Cause(ctx))
		}
	}
	if !s.lastAttempt.IsZero() && s.options.Now().Sub(s.lastAttempt) < refreshGap {
		s.mu.Unlock()
		return false, s.outcome()
	}
	s.lastAttempt = s.options.Now()
	fetching := make(chan struct{})
	s.fetching = fetching
	s.mu.Unlock()

	fetchCtx, cancel := context.WithTimeout(fetchCtx, fetchTimeout)
	defer cancel()
	count := 0
	err = errBroken
	defer func() {
		s.record(fetchCtx, count, err)
		close(fetching)
	}()
	count, err = s.replace(fetchCtx)
	return true, err
}

// errEmpty is the outcome of a fetch that found nothing to verify tokens with. No
// issuer means that: one that begins anew, or its cache, answers so for a while. The
// keys that were there stay.
var errEmpty = errors.New("the set holds no key that verifies tokens")

// replace puts the keys that the issuer publishes now in place of those we have.
func (s *Set) replace(ctx context.Context) (count int, err error) {
	keys, err := s.fetch(ctx)
	if err != nil {
		return 0, err
	}
	if len(keys) == 0 {
		return 0, errEmpty
	}
	if err := s.lookup.Storage().KeyReplaceAll(ctx, keys); err != nil {
		return 0, fmt.Errorf("store keys: %w", err)
	}
	return len(keys), nil
}

func (s *Set) outcome() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastErr
}

// record keeps the outcome of a fetch and logs when the issuer comes or goes.
func (s *Set) record(ctx context.Context, count int, err error) {
	s.mu.Lock()
	before, first, hadKeys := s.lastErr, !s.ended, s.loaded
	s.lastErr, s.fetching, s.ended = err, nil, true
	s.loaded = s.loaded || err == nil
	s.mu.Unlock()
	switch {
	case err == nil && before != nil:
		s.options.Log.InfoContext(ctx, "key set loaded", "keys", count)
	case err != nil && (before == nil || first):
		s.options.Log.WarnContext(ctx, "key set unavailable, trying again", "error", err, "old_keys", hadKeys)
	}
}
