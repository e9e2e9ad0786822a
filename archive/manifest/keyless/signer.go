package keyless

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

const (
	retries     = 3               // of a request to Fulcio or Rekor that they are too busy for
	sealTimeout = 2 * time.Minute // of everything that one signature needs
)

// Config says who vouches for signatures.
type Config struct {
	Token  Token  // of whoever signs
	Fulcio string // URL of the certificate authority
	Rekor  string // URL of the transparency log; empty leaves it out

	// Trust must accept what is signed: a bundle that it does not is never
	// returned. Without Rekor it needs a timestamp authority, and the signer
	// [manifest.Signer.WithTimestamps].
	Trust Trust
}

// NewSigner returns a signer without a key. Each manifest costs one request for
// a token, one to Fulcio and one to Rekor, within two minutes altogether.
func NewSigner(cfg Config) (*manifest.Signer, error) {
	if cfg.Token == nil || cfg.Fulcio == "" {
		return nil, errors.New("keyless: Config.Token and Config.Fulcio are required")
	}
	verifier, err := cfg.Trust.newVerifier()
	if err != nil {
		return nil, err
	}
	return manifest.NewSealingSigner(&sealer{identities: verifier, cfg: cfg}), nil
}

// sealer implements [manifest.Sealer].
type sealer struct {
	*identities
	cfg Config
}

// Seal signs a payload with a key that is forgotten when it returns. It waits no
// longer than ctx lasts: not every source of tokens, nor every client, minds it.
func (s *sealer) Seal(ctx context.Context, payload []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, sealTimeout)
	defer cancel()
	type answer struct {
		bundle []byte
		err    error
	}
	answers := make(chan answer, 1)
	go func() {
		bundle, err := s.seal(ctx, payload)
		answers <- answer{bundle, err}
	}()
	select {
	case a := <-answers:
		return a.bundle, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("keyless: no answer, from the source of tokens, %s or %q: %w", s.cfg.Fulcio, s.cfg.Rekor, context.Cause(ctx))
	}
}

func (s *sealer) seal(ctx context.Context, payload []byte) ([]byte, error) {
	token, err := s.cfg.Token(ctx)
	if err != nil {
		return nil, fmt.Errorf("keyless: get an identity token: %w", err)
	}
	key, err := sign.NewEphemeralKeypair(nil)
	if err != nil {
		return nil, err
	}
	options := sign.BundleOptions{
		Context:                    ctx,
		CertificateProvider:        sign.NewFulcio(&sign.FulcioOptions{BaseURL: s.cfg.Fulcio, Retries: retries}),
		CertificateProviderOptions: &sign.CertificateProviderOptions{IDToken: token},
	}
	if s.cfg.Rekor != "" {
		options.TransparencyLogs = []sign.Transparency{sign.NewRekor(&sign.RekorOptions{BaseURL: s.cfg.Rekor, Retries: retries})}
	}
	made, err := sign.Bundle(&sign.DSSEData{Data: payload, PayloadType: manifest.PayloadType}, key, options)
	if err != nil {
		return nil, fmt.Errorf("keyless: sign with %s: %w", s.cfg.Fulcio, err)
	}
	written, err := protojson.Marshal(made)
	if err != nil {
		return nil, err
	}
	compact := jsontext.Value(written) // protojson varies its white space on purpose
	err = compact.Compact()
	return compact, err
}
