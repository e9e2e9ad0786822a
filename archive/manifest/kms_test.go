package manifest_test

import (
	"context"
	"crypto"
	"errors"
	"io"

	"github.com/sigstore/sigstore/pkg/signature"
)

// fakeKMS is a key service over any signer.
type fakeKMS struct{ signature.SignerVerifier }

func (fakeKMS) CreateKey(context.Context, string) (crypto.PublicKey, error) {
	return nil, errors.New("not here")
}

func (fakeKMS) CryptoSigner(context.Context, func(error)) (crypto.Signer, crypto.SignerOpts, error) {
	return nil, nil, errors.New("not here")
}

func (fakeKMS) SupportedAlgorithms() []string { return nil }
func (fakeKMS) DefaultAlgorithm() string      { return "" }

// faultySigner fails some times, or hangs, or signs with another key.
type faultySigner struct {
	signature.SignerVerifier
	fail, calls int
	hang        bool
	signs       signature.Signer
}

func (f *faultySigner) SignMessage(message io.Reader, opts ...signature.SignOption) ([]byte, error) {
	f.calls++
	if f.hang {
		select {}
	}
	if f.calls <= f.fail {
		return nil, errors.New("429 throttled")
	}
	if f.signs != nil {
		return f.signs.SignMessage(message, opts...)
	}
	return f.SignerVerifier.SignMessage(message, opts...)
}
