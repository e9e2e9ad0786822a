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
	signTries   = 4
	signTimeout = 30 * time.Second // of one try
)

// keySealer makes bundles with a key.
type keySealer struct {
	signer signature.Signer // wrapped in DSSE
	keyID  string
}

// seal signs a payload. A key service that fails is asked again a few times, each
// within its own time, and not when ctx has ended.
func (k keySealer) seal(ctx context.Context, payload []byte) ([]byte, error) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = 200 * time.Millisecond
	envelope, err := backoff.Retry(ctx, func() ([]byte, error) { return k.signOnce(ctx, payload) }, backoff.WithBackOff(wait), backoff.WithMaxTries(signTries))
	if err != nil {
		return nil, err
	}
	return encodeBundle(envelope, k.keyID)
}

// signOnce asks for one signature. Not every key service minds its context, so
// the answer is waited for no longer than the context lasts.
func (k keySealer) signOnce(ctx context.Context, payload []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, signTimeout)
	defer cancel()
	type answer struct {
		envelope []byte
		err      error
	}
	answers := make(chan answer, 1)
	go func() {
		envelope, err := k.signer.SignMessage(bytes.NewReader(payload), options.WithContext(ctx))
		answers <- answer{envelope, err}
	}()
	select {
	case a := <-answers:
		return a.envelope, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("the key did not answer: %w", context.Cause(ctx))
	}
}
