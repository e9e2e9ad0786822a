package keyless

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/digitorus/timestamp"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

const (
	stampTries   = 3
	stampTimeout = 15 * time.Second // of one try
	maxResponse  = 64 << 10         // bytes of a TimeStampResp
)

// Authority asks a timestamp authority over HTTP (RFC 3161, section 3.4). It
// implements [manifest.TimeAuthority].
type Authority struct {
	URL    string
	Trust  manifest.TimeVerifier // checks its answers before they are used; nil leaves that to those who verify
	Client *http.Client          // nil is http.DefaultClient
}

// Timestamp asks for a timestamp over a signature, with a nonce and with the
// authority's certificate. The authority is given 15 seconds, and asked up to three
// times if it is busy or does not answer; a refusal is final.
func (a *Authority) Timestamp(ctx context.Context, signature []byte) ([]byte, error) {
	if a == nil || a.URL == "" {
		return nil, errors.New("keyless: Authority.URL is empty")
	}
	response, err := backoff.Retry(ctx, func() ([]byte, error) { return a.ask(ctx, signature) }, backoff.WithMaxTries(stampTries))
	if err != nil {
		return nil, fmt.Errorf("keyless: timestamp from %s: %w", a.URL, err)
	}
	return response, nil
}

func (a *Authority) ask(ctx context.Context, signature []byte) ([]byte, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	query, err := timestamp.CreateRequest(bytes.NewReader(signature), &timestamp.RequestOptions{Hash: crypto.SHA256, Certificates: true, Nonce: nonce})
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	response, err := a.post(ctx, query)
	if err != nil {
		return nil, err
	}
	if err := a.check(response, signature, nonce); err != nil {
		return nil, backoff.Permanent(err)
	}
	return response, nil
}

func (a *Authority) post(ctx context.Context, query []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, stampTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL, bytes.NewReader(query))
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	client := a.Client
	if client == nil {
		client = http.DefaultClient
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500:
		return nil, fmt.Errorf("it answers %s", resp.Status)
	case resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated:
		return nil, backoff.Permanent(fmt.Errorf("it answers %s: %.200s", resp.Status, body))
	case len(body) > maxResponse:
		return nil, backoff.Permanent(fmt.Errorf("it answers with more than %d bytes", maxResponse))
	}
	return body, nil
}

// check holds an answer to what was asked.
func (a *Authority) check(response, signature []byte, nonce *big.Int) error {
	t, err := timestamp.ParseResponse(response)
	if err != nil {
		return fmt.Errorf("its answer: %w", err)
	}
	digest := sha256.Sum256(signature)
	if t.HashAlgorithm != crypto.SHA256 || !bytes.Equal(t.HashedMessage, digest[:]) {
		return errors.New("its answer is over something else than was asked")
	}
	if t.Nonce == nil || t.Nonce.Cmp(nonce) != 0 {
		return errors.New("its answer has another nonce than was asked with: it was made before, for somebody else")
	}
	if a.Trust == nil {
		return nil
	}
	_, err = a.Trust.VerifyTimestamp(response, signature)
	return err
}
