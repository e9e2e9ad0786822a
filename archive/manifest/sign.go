package manifest

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"
)

const (
	askTries   = 4
	askTimeout = 30 * time.Second // of one try
)

// keySealer makes bundles with a key.
type keySealer struct {
	signer signature.Signer // wrapped in DSSE
	keyID  string
}

// seal signs a payload.
func (k keySealer) seal(ctx context.Context, payload []byte) ([]byte, error) {
	envelope, err := ask(ctx, func(ctx context.Context) ([]byte, error) {
		return k.signer.SignMessage(bytes.NewReader(payload), options.WithContext(ctx))
	})
	if err != nil {
		return nil, err
	}
	return encodeBundle(envelope, k.keyID)
}

// ask asks a key service for something. One that fails is asked again a few times,
// each within its own time, and not when ctx has ended.
func ask[T any](ctx context.Context, question func(ctx context.Context) (T, error)) (T, error) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = 200 * time.Millisecond
	return backoff.Retry(ctx, func() (T, error) { return askOnce(ctx, question) }, backoff.WithBackOff(wait), backoff.WithMaxTries(askTries))
}

// askOnce waits for an answer no longer than its context lasts: not every key
// service minds it.
func askOnce[T any](ctx context.Context, question func(ctx context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		value, err := question(ctx)
		answers <- answer{value, err}
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("the key did not answer: %w", context.Cause(ctx))
	}
}
