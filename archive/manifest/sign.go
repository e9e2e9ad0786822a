package manifest

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore/pkg/signature/options"
)

const (
	signTries   = 4
	signTimeout = 30 * time.Second // of one try
)

// sign returns a DSSE envelope over a payload. A key service that fails is asked
// again a few times, each within its own time, and not when ctx has ended.
func (s *Signer) sign(ctx context.Context, payload []byte) ([]byte, error) {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = 200 * time.Millisecond
	return backoff.Retry(ctx, func() ([]byte, error) { return s.signOnce(ctx, payload) }, backoff.WithBackOff(wait), backoff.WithMaxTries(signTries))
}

// signOnce asks for one signature. Not every key service minds its context, so
// the answer is waited for no longer than the context lasts.
func (s *Signer) signOnce(ctx context.Context, payload []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, signTimeout)
	defer cancel()
	type answer struct {
		envelope []byte
		err      error
	}
	answers := make(chan answer, 1)
	go func() {
		envelope, err := s.signer.SignMessage(bytes.NewReader(payload), options.WithContext(ctx))
		answers <- answer{envelope, err}
	}()
	select {
	case a := <-answers:
		return a.envelope, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("the key did not answer: %w", context.Cause(ctx))
	}
}

// selfCheck refuses a bundle that its own key does not verify: a key service may
// have rotated the key behind its name since it was opened.
func (s *Signer) selfCheck(bundle []byte) error {
	signed, err := decodeBundle(bundle)
	if err != nil {
		return err
	}
	key := s.verifier.keys[s.keyID]
	if err := key.verifier.VerifySignature(bytes.NewReader(signed.signature), bytes.NewReader(dsse.PAE(PayloadType, signed.payload))); err != nil {
		return fmt.Errorf("manifest: sign: %w: the key has signed, and its signature is not that of key %s; if it was rotated, open it again: %w", ErrBadSignature, s.keyID, err)
	}
	return nil
}
