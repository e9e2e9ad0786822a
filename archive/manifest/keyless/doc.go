// Package keyless signs manifests without a key of one's own, and gives their
// signatures a trusted time. It is apart from package manifest because sigstore-go
// weighs several times what a key needs: only those who want it link it.
//
// # Signing with an identity
//
// [NewSigner] makes a key that lives for one signature. Fulcio, a certificate
// authority, binds it to whoever an OIDC token says is signing, such as the workflow
// of a pipeline, in a certificate that lives ten minutes; Rekor, a transparency log,
// notes when it was used; the key is thrown away. A manifest then names the
// pipeline that signed it, and there is no key to lose.
//
//	root, err := keyless.LoadRoot("trusted_root.json")
//	ci := keyless.Trust{Root: root, LogEntries: 1, Identities: []keyless.Identity{{
//		Issuer:  "https://token.actions.githubusercontent.com",
//		Subject: "https://github.com/acme/deploy/.github/workflows/promote.yml@refs/heads/main",
//		Owner:   "release-ops",
//	}}}
//	signer, err := keyless.NewSigner(keyless.Config{
//		Token: keyless.GitHubToken("sigstore"), Fulcio: "https://fulcio.sigstore.dev", Rekor: "https://rekor.sigstore.dev", Trust: ci,
//	})
//
// What a manifest says of its packets becomes public with Rekor's public instance:
// only a digest of the statement is logged there, with the signature and the
// certificate. A private Fulcio with a timestamp authority needs no Rekor.
//
// # Timestamps
//
// An [Authority] timestamps signatures by RFC 3161, those of keys as well:
//
//	times, err := keyless.LoadAuthorities("tsa-chain.pem")
//	stamped, err := signer.WithTimestamps(manifest.Stamping{
//		Authorities: []manifest.TimeAuthority{&keyless.Authority{URL: "https://tsa.example/api/v1/timestamp", Trust: times}},
//		Required:    1,
//	})
//	verifier, err := manifest.Trust{Keys: keys, Timestamps: times, RequireTimestamps: 1}.NewVerifier()
//
// # Verifying
//
// [Trust.NewVerifier] is what [manifest.Trust.Identities] wants. It checks, with
// sigstore-go, the certificate's chain to the trusted root, that the signature was
// made within the certificate's life by the word of Rekor or of a timestamp
// authority, and whose identity it is. An issuer and a subject are always asked
// for: a certificate alone says nothing, for anybody can have one.
//
// See the Sigstore client specification, https://github.com/sigstore/architecture-docs,
// and RFC 3161.
package keyless
