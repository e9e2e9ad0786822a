package keyless_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/holdfast-archive/holdfast/archive/manifest/keyless"
)

const (
	issuer  = "https://token.example"
	subject = "promote@acme.example"
)

// instance is a Sigstore on the loopback interface: a Fulcio and a timestamp
// authority over certificates of its own, and a Rekor over sigstore-go's.
type instance struct {
	*ca.VirtualSigstore
	fulcio *root.FulcioCertificateAuthority
	key    *ecdsa.PrivateKey
	age    time.Duration // of the certificates that it gives out

	fulcioURL, rekorURL, stampURL string
	servers                       []*httptest.Server
}

func newInstance(t testing.TB) *instance {
	t.Helper()
	i, err := startInstance()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.stop)
	return i
}

func startInstance() (*instance, error) {
	virtual, err := ca.NewVirtualSigstore()
	if err != nil {
		return nil, err
	}
	rootCert, rootKey, err := ca.GenerateRootCa()
	if err != nil {
		return nil, err
	}
	intermediate, key, err := ca.GenerateFulcioIntermediate(rootCert, rootKey)
	if err != nil {
		return nil, err
	}
	i := &instance{VirtualSigstore: virtual, key: key,
		fulcio: &root.FulcioCertificateAuthority{Root: rootCert, Intermediates: []*x509.Certificate{intermediate}}}
	fulcio, rekor, stamps := listen("/api/v2/signingCert", i.certify), listen("/api/v1/log/entries", i.enter), listen("/", i.stamp)
	i.servers = []*httptest.Server{fulcio, rekor, stamps}
	i.fulcioURL, i.rekorURL, i.stampURL = fulcio.URL, rekor.URL, stamps.URL+"/"
	return i, nil
}

func (i *instance) stop() {
	for _, s := range i.servers {
		s.Close()
	}
}

func (i *instance) root() keyless.Root { return keyless.NewRoot(i) }

func (i *instance) FulcioCertificateAuthorities() []root.CertificateAuthority {
	return []root.CertificateAuthority{i.fulcio}
}

func listen(path string, answer func(w http.ResponseWriter, r *http.Request) error) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if err := answer(w, r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	})
	return httptest.NewServer(mux)
}

// public lends a public key to a function that asks for a private one.
type public struct {
	crypto.Signer
	key crypto.PublicKey
}

func (p public) Public() crypto.PublicKey { return p.key }

// certify is Fulcio.
func (i *instance) certify(w http.ResponseWriter, r *http.Request) error {
	if r.Header.Get("Authorization") != "Bearer "+token() {
		return fmt.Errorf("who are you?")
	}
	var request struct {
		PublicKeyRequest struct {
			PublicKey struct {
				Content string `json:"content"`
			} `json:"publicKey"`
		} `json:"publicKeyRequest"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return err
	}
	key, err := cryptoutils.UnmarshalPEMToPublicKey([]byte(request.PublicKeyRequest.PublicKey.Content))
	if err != nil {
		return err
	}
	cert, err := ca.GenerateLeafCert(subject, issuer, time.Now().Add(-time.Minute-i.age), public{key: key}, i.fulcio.Intermediates[0], i.key)
	if err != nil {
		return err
	}
	chain := []string{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))}
	return json.NewEncoder(w).Encode(map[string]any{"signedCertificateEmbeddedSct": map[string]any{"chain": map[string]any{"certificates": chain}}})
}

// enter is Rekor.
func (i *instance) enter(w http.ResponseWriter, r *http.Request) error {
	var request struct {
		Spec struct {
			ProposedContent struct {
				Envelope  string   `json:"envelope"`
				Verifiers []string `json:"verifiers"`
			} `json:"proposedContent"`
		} `json:"spec"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return err
	}
	var envelope dsse.Envelope
	if err := json.Unmarshal([]byte(request.Spec.ProposedContent.Envelope), &envelope); err != nil {
		return err
	}
	certPEM, err := base64.StdEncoding.DecodeString(request.Spec.ProposedContent.Verifiers[0])
	if err != nil {
		return err
	}
	certs, err := cryptoutils.LoadCertificatesFromPEM(strings.NewReader(string(certPEM)))
	if err != nil {
		return err
	}
	sig, err := base64.StdEncoding.DecodeString(envelope.Signatures[0].Sig)
	if err != nil {
		return err
	}
	entry, err := i.GenerateTlogEntry(certs[0], &envelope, sig, time.Now().Unix(), true)
	if err != nil {
		return err
	}
	logged := entry.TransparencyLogEntry()
	hashes := []string{}
	for _, h := range logged.InclusionProof.Hashes {
		hashes = append(hashes, hex.EncodeToString(h))
	}
	set, err := i.RekorSignPayload(tlog.RekorPayload{
		Body: base64.StdEncoding.EncodeToString(logged.CanonicalizedBody), IntegratedTime: logged.IntegratedTime,
		LogIndex: logged.LogIndex, LogID: hex.EncodeToString(logged.LogId.KeyId),
	})
	if err != nil {
		return err
	}
	uuid := strings.Repeat("0f", 40)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("ETag", uuid)
	w.WriteHeader(http.StatusCreated)
	return json.NewEncoder(w).Encode(map[string]any{uuid: map[string]any{
		"body":           base64.StdEncoding.EncodeToString(logged.CanonicalizedBody),
		"integratedTime": logged.IntegratedTime,
		"logID":          hex.EncodeToString(logged.LogId.KeyId),
		"logIndex":       logged.LogIndex,
		"verification": map[string]any{
			"signedEntryTimestamp": base64.StdEncoding.EncodeToString(set),
			"inclusionProof": map[string]any{
				"checkpoint": logged.InclusionProof.Checkpoint.Envelope, "hashes": hashes, "logIndex": logged.InclusionProof.LogIndex,
				"rootHash": hex.EncodeToString(logged.InclusionProof.RootHash), "treeSize": logged.InclusionProof.TreeSize,
			},
		},
	}})
}

// stamp is a timestamp authority that has not read about nonces.
func (i *instance) stamp(w http.ResponseWriter, r *http.Request) error {
	query, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if _, err := timestamp.ParseRequest(query); err != nil {
		return err
	}
	response, err := i.TimestampResponse([]byte("something else"))
	if err != nil {
		return err
	}
	_, err = w.Write(response)
	return err
}

// token is an identity token as far as the client looks into it.
func token() string {
	claims := fmt.Sprintf(`{"iss":%q,"sub":%q,"email":%q,"email_verified":true,"aud":"sigstore"}`, issuer, subject, subject)
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none"}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature"))
}
