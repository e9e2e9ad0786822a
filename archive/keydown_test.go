package archive_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// keyService signs with a key in memory while it is up.
type keyService struct {
	signature.SignerVerifier
	down   *atomic.Bool
	signed *atomic.Int64
}

func (k keyService) SignMessage(message io.Reader, opts ...signature.SignOption) ([]byte, error) {
	if k.down.Load() {
		return nil, errors.New("503 service unavailable")
	}
	k.signed.Add(1)
	return k.SignerVerifier.SignMessage(message, opts...)
}

func (keyService) CreateKey(context.Context, string) (crypto.PublicKey, error) {
	return nil, errors.ErrUnsupported
}

func (keyService) CryptoSigner(context.Context, func(error)) (crypto.Signer, crypto.SignerOpts, error) {
	return nil, nil, errors.ErrUnsupported
}

func (keyService) SupportedAlgorithms() []string { return nil }
func (keyService) DefaultAlgorithm() string      { return "" }

// The key service is down for an hour, in which a packet is decided every minute: each
// pends, no caller waits longer than it said, and then one signature covers them all.
func TestKeyServiceIsDownForAnHour(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	inMemory, err := signature.LoadECDSASignerVerifier(key, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	service := keyService{inMemory, new(atomic.Bool), new(atomic.Int64)}
	kms.AddProvider("gcpkms://", func(context.Context, string, crypto.Hash, ...signature.RPCOption) (kms.SignerVerifier, error) {
		return service, nil
	})
	cfg := spooling(t)
	if cfg.Signer, err = manifest.OpenKMS(t.Context(), "gcpkms://release-evidence"); err != nil {
		t.Fatal(err)
	}
	service.signed.Store(0) // opening tries the key
	cfg.Clock = time.Now
	b := memworm.New()
	synctest.Test(t, func(t *testing.T) {
		a := over(t, b, cfg)
		service.down.Store(true)
		began := time.Now()
		for n := 0; time.Since(began) < time.Hour; n++ {
			decided := time.Now()
			p := parse(t, doc("promotion_packet_id", fmt.Sprintf("%q", fmt.Sprintf("pp-%02d", n)), "promotion_decision_at_utc", fmt.Sprintf("%q", decided.UTC().Format(time.RFC3339))))
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			_, err := a.Export(ctx, p)
			cancel()
			if !errors.Is(err, archive.ErrPending) || !errors.Is(err, manifest.ErrNoSignature) {
				t.Fatal(err)
			}
			time.Sleep(time.Until(decided.Add(time.Minute)))
		}
		service.down.Store(false)
		receipts, err := a.Flush(t.Context())
		if err != nil || len(receipts) != 60 || service.signed.Load() != 1 {
			t.Fatalf("%d receipts, %d signatures, %v", len(receipts), service.signed.Load(), err)
		}
		for n, r := range receipts {
			late := r.ExportedAtUTC.Sub(r.PromotionDecisionAtUTC)
			if want := time.Duration(60-n) * time.Minute; r.ExportRowID != int64(n+1) || late < want || late > want+time.Minute {
				t.Errorf("row %d was exported %s after its decision", r.ExportRowID, late)
			}
		}
		if _, err := a.Verify(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
