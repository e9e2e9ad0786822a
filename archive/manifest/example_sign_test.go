package manifest_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

// A key is made once; what it signs, its public key alone verifies.
func ExampleTrust() {
	dir, err := os.MkdirTemp("", "key")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	signer, err := manifest.CreateKey(dir + "/holdfast.key") // and holdfast.key.pub, to give away
	if err != nil {
		panic(err)
	}
	verifier, err := manifest.Trust{
		Keys:   []manifest.TrustedKey{{Key: signer.PublicKey(), Owner: "release-ops"}},
		Owners: []string{"release-ops"},
	}.NewVerifier()
	if err != nil {
		panic(err)
	}
	statement, err := manifest.NewStatement(predicate())
	if err != nil {
		panic(err)
	}
	bundle, err := signer.Sign(context.Background(), statement)
	if err != nil {
		panic(err)
	}
	verified, err := verifier.Verify(bundle)
	fmt.Println(len(verified.Statement.Predicate.Packets), "packets, signed by somebody who may:", err == nil)

	other, err := manifest.CreateKey(dir + "/other.key")
	if err != nil {
		panic(err)
	}
	_, err = other.Verifier().Verify(bundle)
	fmt.Println(errors.Is(err, manifest.ErrUnknownKey))
	// Output:
	// 1 packets, signed by somebody who may: true
	// true
}
