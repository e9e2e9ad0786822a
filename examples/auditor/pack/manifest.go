package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

const (
	payloadType   = "application/vnd.in-toto+json"
	predicateType = "https://github.com/holdfast-archive/holdfast/archive/manifest/export/v1"
)

type bundle struct {
	VerificationMaterial struct {
		Certificate struct {
			RawBytes []byte `json:"rawBytes"`
		} `json:"certificate"`
	} `json:"verificationMaterial"`
	DSSEEnvelope struct {
		Payload     []byte `json:"payload"`
		PayloadType string `json:"payloadType"`
		Signatures  []struct {
			Sig []byte `json:"sig"`
		} `json:"signatures"`
	} `json:"dsseEnvelope"`
}

type statement struct {
	PredicateType string `json:"predicateType"`
	Predicate     struct {
		ExportBatchID string   `json:"export_batch_id"`
		Packets       []packet `json:"packets"`
	} `json:"predicate"`
}

type object struct {
	SHA256 string `json:"sha256"`
}

// packet is an export as the manifest describes it. Times are text here: they must be
// the same to the letter in the row.
type packet struct {
	Document  object   `json:"document"`
	Exhibits  []object `json:"exhibits"`
	Retention struct {
		Class string `json:"retention_class"`
		Until string `json:"retain_until_utc"`
	} `json:"retention"`
	decided
}

// signed checks that the key signed the manifest, that it names the packet and exactly
// these exhibits, and that the row says what it says.
func signed(pack fs.FS, export row, files []string) error {
	raw, err := read(pack, "manifest.sigstore.json")
	if err != nil {
		return err
	}
	if got := fmt.Sprintf("sha256:%x", sha256.Sum256(raw)); got != export.ContentIntegrityReference {
		return fmt.Errorf("it hashes to %s, and the row has %s", got, export.ContentIntegrityReference)
	}
	var b bundle
	if err := json.Unmarshal(raw, &b); err != nil {
		return err
	}
	key, err := keyOf(pack, b)
	if err != nil {
		return err
	}
	e := b.DSSEEnvelope
	if e.PayloadType != payloadType || len(e.Signatures) != 1 {
		return fmt.Errorf("a %q with %d signatures", e.PayloadType, len(e.Signatures))
	}
	if !verifies(key, e.Payload, e.Signatures[0].Sig) {
		return errors.New("the signature is not the key's")
	}
	var s statement
	if err := json.Unmarshal(e.Payload, &s); err != nil {
		return err
	}
	if s.PredicateType != predicateType || s.Predicate.ExportBatchID != export.ExportBatchID {
		return fmt.Errorf("it is a %q of batch %q", s.PredicateType, s.Predicate.ExportBatchID)
	}
	for _, p := range s.Predicate.Packets {
		if p.is(export, files) {
			return nil
		}
	}
	return errors.New("it does not name this packet, with these exhibits, as the row does")
}

func (p packet) is(export row, files []string) bool {
	sums := []string{p.Document.SHA256}
	for _, e := range p.Exhibits {
		sums = append(sums, e.SHA256)
	}
	slices.Sort(sums)
	return slices.Equal(sums, files) && p.Document.SHA256 == export.PacketSHA256 && p.decided == export.decided &&
		p.Retention.Class == export.RetentionClass && p.Retention.Until == export.RetainUntilUTC
}

// keyOf is the manifest's key, or that of the certificate in the bundle if an identity
// signed it. Whose certificate that is, cosign says.
func keyOf(pack fs.FS, b bundle) (any, error) {
	if der := b.VerificationMaterial.Certificate.RawBytes; len(der) > 0 {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		fmt.Println("signed by an identity: ask cosign whose, as in VERIFY.md")
		return c.PublicKey, nil
	}
	return publicKey(pack, "keys/manifest.pub.pem")
}

func publicKey(pack fs.FS, name string) (any, error) {
	b, err := read(pack, name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("%s is no PEM file", name)
	}
	return x509.ParsePKIXPublicKey(block.Bytes)
}

// verifies checks a DSSE signature, which is over the type and the payload with their
// lengths before them.
func verifies(key any, payload, sig []byte) bool {
	pae := fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
	sum := sha256.Sum256(pae)
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, sum[:], sig)
	case ed25519.PublicKey:
		return ed25519.Verify(k, pae, sig)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], sig) == nil
	}
	return false
}
