package keyless_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/archive/manifest/keyless"
	_ "github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// An export that the pipeline's own identity signs. In a workflow the token is
// GitHubToken("sigstore"), the root LoadRoot("trusted_root.json"), and Fulcio and Rekor are
// those of your instance, or https://fulcio.sigstore.dev and https://rekor.sigstore.dev.
func ExampleNewSigner() {
	sigstore, err := startInstance() // a Fulcio and a Rekor of our own, for this example
	check(err)
	defer sigstore.stop()
	trust := keyless.Trust{
		Root: sigstore.root(), LogEntries: 1, // seen by one transparency log
		Identities: []keyless.Identity{{Issuer: "https://token.example", Subject: "promote@acme.example", Owner: "release-ops"}},
	}
	signer, err := keyless.NewSigner(keyless.Config{
		Token:  func(context.Context) (string, error) { return token(), nil },
		Fulcio: sigstore.fulcioURL, Rekor: sigstore.rekorURL, Trust: trust,
	})
	check(err)
	identities, err := trust.NewVerifier()
	check(err)
	verifier, err := manifest.Trust{Identities: identities, Owners: []string{"release-ops"}}.NewVerifier()
	check(err)

	ctx := context.Background()
	a, err := archive.Open(ctx, "mem://keyless", archive.Config{Signer: signer, Verifier: verifier, Operator: "release-ops/pipeline-42"})
	check(err)
	defer a.Close()
	packet, err := archive.ParseJSON([]byte(`{"promotion_packet_id": "pp-1", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-04T10:22:00Z"}`))
	check(err)
	receipt, err := a.Export(ctx, packet)
	check(err)
	evidence, err := a.Retrieve(ctx, receipt.ArchiveURI)
	check(err)
	fmt.Println("row", receipt.ExportRowID, "was signed by", evidence.SignedBy.Subject, "of", evidence.SignedBy.Owner)
	// Output: row 1 was signed by promote@acme.example of release-ops
}

// What a key signs is timestamped by an authority, so that somebody else says when.
func ExampleAuthority() {
	dir, err := os.MkdirTemp("", "keys")
	check(err)
	defer os.RemoveAll(dir)
	authority, err := startAuthority(dir+"/tsa-chain.pem", time.Now().Add(-time.Minute), time.Now) // one of our own, for this example
	check(err)
	defer authority.Close()

	key, err := manifest.CreateKey(dir + "/holdfast.key")
	check(err)
	times, err := keyless.LoadAuthorities(dir + "/tsa-chain.pem")
	check(err)
	signer, err := key.WithTimestamps(manifest.Stamping{
		Authorities: []manifest.TimeAuthority{&keyless.Authority{URL: authority.URL, Trust: times}},
		Required:    1, // or there is no signature
	})
	check(err)
	verifier, err := manifest.Trust{
		Keys:       []manifest.TrustedKey{{Key: signer.PublicKey(), Owner: "release-ops"}},
		Timestamps: times, RequireTimestamps: 1,
	}.NewVerifier()
	check(err)

	bundle, err := signer.Sign(context.Background(), statement(time.Now()))
	check(err)
	verified, err := verifier.Verify(bundle)
	check(err)
	fmt.Println(len(verified.Timestamps), "timestamp, within a minute:", time.Since(verified.Timestamps[0].At) < time.Minute)
	// Output: 1 timestamp, within a minute: true
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
