// Package manifest writes and verifies the signed manifest of an export batch.
//
// A manifest is an in-toto Statement v1, signed as DSSE v1 and written as a
// Sigstore bundle v0.3. All three are other people's formats on purpose: the
// file can be checked without this library, by sigstore-go, by cosign, or by
// hand.
//
// # The statement
//
// The subjects are the batch's objects, by their keys in the bucket. The
// predicate says what was decided, why it is kept, by whom, when, and how long
// the log was at that moment:
//
//	{
//	  "_type": "https://in-toto.io/Statement/v1",
//	  "subject": [{"name": "packets/pp-7/9f86…/packet.json", "digest": {"sha256": "9f86…"}}, …],
//	  "predicateType": "https://github.com/holdfast-archive/holdfast/archive/manifest/export/v1",
//	  "predicate": {
//	    "export_batch_id": "eb-20260804-5be2d3c8a90f1e77",
//	    "exported_at_utc": "2026-08-04T10:30:12.25Z",
//	    "export_operator_ack": "release-ops/pipeline-42",
//	    "packets": [{
//	      "promotion_packet_id": "pp-7",
//	      "promotion_decision": "promote",
//	      "promotion_decision_at_utc": "2026-08-04T10:22:00Z",
//	      "archive_uri": "s3://release-evidence/packets/pp-7/9f86…/packet.json?versionId=3Lg…",
//	      "document": {"name": "packet.json", "subject": "packets/pp-7/9f86…/packet.json", "uri": …, "sha256": …, "size": 812,
//	        "observed": {"mode": "compliance", "retain_until_utc": "2033-08-05T00:00:00Z", "legal_hold": "off", "version": "3Lg…", "by": "read"}},
//	      "exhibits": [{"name": "scorecard.pdf", …}],
//	      "retention": {"retention_class": "regulated", "reasons": ["jurisdiction KR is listed as regulated"],
//	        "period": "P7Y", "mode": "compliance", "retain_until_utc": "2033-08-05T00:00:00Z", "legal_hold": false, "policy_sha256": …}
//	    }],
//	    "log": {"size": 41, "root_sha256": …, "last_row_sha256": …}
//	  }
//	}
//
// What was asked of the bucket is under retention; what the bucket said of each object
// after it was stored is under observed, apart from it.
//
// [PredicateSchema] is its JSON Schema. Each object of the predicate has exactly one
// subject with the same digest, and each subject an object. Names that this version
// does not know are ignored when a statement is read; a name given twice is an
// error. The last element of the predicateType is the version.
//
// # The bundle
//
//	{
//	  "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
//	  "verificationMaterial": {"publicKey": {"hint": "<key id>"}},
//	  "dsseEnvelope": {"payload": "<base64 of the statement>", "payloadType": "application/vnd.in-toto+json",
//	    "signatures": [{"sig": "<base64>"}]}
//	}
//
// A key id is the SHA-256 of the public key's DER (SubjectPublicKeyInfo), in hex:
//
//	openssl pkey -pubin -in holdfast.key.pub -outform DER | sha256sum
//
// In place of the public key's hint there may be a certificate, and beside either
// of them RFC 3161 timestamps and entries of a transparency log: see package keyless.
//
// A row's content_integrity_reference is "sha256:" and the SHA-256 of the bundle
// file; see [Reference]. The payload and the signature are in standard base64, no
// name is given twice, and there is one signature: other forms, which some tools read
// and some do not, are refused.
//
// A worked example lies in testdata: example.sigstore.json, whose reference is
// sha256:1296f8de75462ccb1d2daa1e7d1a270b0bba40a64632584c4b3ca86288e7ab02,
// signed with the Ed25519 key whose seed is 32 zero bytes, and whose id is
// 339e2ff917630507b6a423b5ce084e285d1fa65d93b3e27a6195d3bbebc9ae23. Its statement, indented, is
// example.statement.json.
//
// # By hand
//
// What is signed is DSSE's pre-authentication encoding of the payload, which for
// this payload type begins "DSSEv1 28 application/vnd.in-toto+json ". With an
// ECDSA P-256 or RSA key:
//
//	jq -r .dsseEnvelope.payload bundle.json | base64 -d > statement.json
//	printf 'DSSEv1 28 application/vnd.in-toto+json %d ' $(wc -c < statement.json) | cat - statement.json > pae
//	jq -r '.dsseEnvelope.signatures[0].sig' bundle.json | base64 -d > sig
//	openssl dgst -sha256 -verify holdfast.key.pub -signature sig pae
//
// With an Ed25519 key the last line is
//
//	openssl pkeyutl -verify -pubin -inkey holdfast.key.pub -rawin -in pae -sigfile sig
//
// And with cosign, for any one object of the batch:
//
//	cosign verify-blob-attestation --key holdfast.key.pub --bundle bundle.json --insecure-ignore-tlog=true \
//	  --type https://github.com/holdfast-archive/holdfast/archive/manifest/export/v1 packet.json
//
// With @sigstore/verify and with sigstore-go, see examples/auditor, which runs all
// four: @sigstore/verify does not compare subjects, nor cosign timestamps, unless
// told to.
//
// # Keys
//
// A [Signer] has a key in a file ([LoadSigner], [LoadOrCreateKey]), one in a key
// management service ([OpenKMS]), or none (keyless.NewSigner). ECDSA P-256, Ed25519
// and RSA (PKCS #1 v1.5, 2048 bits and more) are what all of these tools verify, so
// other keys are refused before anything is signed.
//
// [Trust] says whose manifests count, when, and who of them may own integrity:
//
//	verifier, err := manifest.Trust{
//		Keys: []manifest.TrustedKey{
//			{Key: old, Owner: "release-ops", Until: rotated},
//			{Key: now, Owner: "release-ops", From: rotated},
//		},
//		Owners: []string{"release-ops", "platform"},
//	}.NewVerifier()
//
// To rotate a key, keep the old one with an Until: what it signed before stays
// verifiable, and nothing that it signs from then on counts. Nobody is trusted by
// default: an empty Trust is an error.
//
// See https://github.com/in-toto/attestation (Statement v1),
// https://github.com/secure-systems-lab/dsse (DSSE v1) and
// https://github.com/sigstore/protobuf-specs (bundle v0.3).
package manifest
