// Auditor checks a packet against its signed manifest with sigstore-go alone:
// nothing of Holdfast is imported.
//
//	go run ./examples/auditor DIR
//
// DIR holds packet, bundle.json and key.pub. With tsa.pem, the certificates of a
// timestamp authority, it also checks when the manifest was signed.
package main

import (
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
)

// predicateType is that of a manifest of an export. The key may sign other things as
// well, and sigstore-go takes them all.
const predicateType = "https://github.com/holdfast-archive/holdfast/archive/manifest/export/v1"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: auditor DIR")
		os.Exit(2)
	}
	if err := audit(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "auditor:", err)
		os.Exit(1)
	}
}

func audit(dir string) error {
	b, err := bundle.LoadJSONFromPath(filepath.Join(dir, "bundle.json"))
	if err != nil {
		return err
	}
	trust, err := trusted(dir)
	if err != nil {
		return err
	}
	when := verify.WithNoObserverTimestamps()
	if len(trust.TimestampingAuthorities()) > 0 {
		when = verify.WithSignedTimestamps(1)
	}
	verifier, err := verify.NewVerifier(trust, when)
	if err != nil {
		return err
	}
	packet, err := os.Open(filepath.Join(dir, "packet"))
	if err != nil {
		return err
	}
	defer packet.Close()
	result, err := verifier.Verify(b, verify.NewPolicy(verify.WithArtifact(packet), verify.WithKey()))
	if err != nil {
		return err
	}
	if got := result.Statement.GetPredicateType(); got != predicateType {
		return fmt.Errorf("the statement is of type %q; a manifest of an export is of %s", got, predicateType)
	}
	for _, t := range result.VerifiedTimestamps {
		fmt.Printf("signed before %s\n", t.Timestamp.UTC().Format(time.RFC3339))
	}
	fmt.Printf("verified with sigstore-go: %s\n", result.Statement.Predicate.GetFields()["export_batch_id"].GetStringValue())
	return nil
}

// trusted is the public key, for as long as there is time, and the timestamp
// authority if there is one.
func trusted(dir string) (root.TrustedMaterialCollection, error) {
	pem, err := os.ReadFile(filepath.Join(dir, "key.pub"))
	if err != nil {
		return nil, err
	}
	pub, err := cryptoutils.UnmarshalPEMToPublicKey(pem)
	if err != nil {
		return nil, err
	}
	key, err := signature.LoadVerifier(pub, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	keys := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		return root.NewExpiringKey(key, time.Time{}, time.Time{}), nil
	})
	times, err := authority(filepath.Join(dir, "tsa.pem"))
	return root.TrustedMaterialCollection{keys, times}, err
}

// authority reads the chain of a timestamp authority, its own certificate first.
func authority(path string) (*times, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &times{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	chain, err := cryptoutils.LoadCertificatesFromPEM(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(chain) < 2 {
		return nil, fmt.Errorf("%s: %d certificates; it needs the authority's own first and its root last", path, len(chain))
	}
	last := len(chain) - 1
	return &times{authorities: []root.TimestampingAuthority{
		&root.SigstoreTimestampingAuthority{Leaf: chain[0], Intermediates: chain[1:last], Root: chain[last]},
	}}, nil
}

type times struct {
	root.BaseTrustedMaterial
	authorities []root.TimestampingAuthority
}

func (t *times) TimestampingAuthorities() []root.TimestampingAuthority { return t.authorities }
