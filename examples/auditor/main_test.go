package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/archive/manifest/keyless"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// All four tools accept a packet, and refuse it when one bit of it, of what was
// signed, or of the signature is another, or when the key is.
func TestFourTools(t *testing.T) {
	dir := export(t, newSigner(t))
	stranger, err := newSigner(t).PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	harms := map[string]func(dir string){
		"another bit in the packet":    func(dir string) { flipFile(t, dir+"/packet") },
		"another bit in the payload":   func(dir string) { flipBundle(t, dir, payloadOf) },
		"another bit in the signature": func(dir string) { flipBundle(t, dir, signatureOf) },
		"another key":                  func(dir string) { write(t, dir+"/key.pub", stranger) },
		"no signature": func(dir string) {
			editBundle(t, dir, func(b map[string]any) { b["dsseEnvelope"].(map[string]any)["signatures"] = []any{} })
		},
		"half a bundle": func(dir string) {
			bundle := read(t, dir+"/bundle.json")
			write(t, dir+"/bundle.json", bundle[:len(bundle)/2])
		},
		"a checksum for a bundle": func(dir string) {
			write(t, dir+"/bundle.json", fmt.Appendf(nil, "%x  packet\n", sha256.Sum256(read(t, dir+"/packet"))))
		},
	}
	each(t, tools(t), func(t *testing.T, tool tool) {
		wantAccepted(t, tool.name, tool.cmd(dir))
		for what, harm := range harms {
			bad := copied(t, dir)
			harm(bad)
			wantRefused(t, tool.name+" with "+what, tool.cmd(bad))
		}
	})
}

// What the same key signed over the same packet, and is no manifest of an export,
// is refused: a scan that failed, for one, is signed too.
func TestFourToolsWithAnotherStatement(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := manifest.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := export(t, signer)
	editBundle(t, dir, func(b map[string]any) {
		envelope := b["dsseEnvelope"].(map[string]any)
		payload, err := base64.StdEncoding.DecodeString(envelope["payload"].(string))
		if err != nil {
			t.Fatal(err)
		}
		other := bytes.Replace(payload, []byte(predicateType), []byte("https://example.org/scan/v1"), 1)
		envelope["payload"] = other
		envelope["signatures"] = []any{map[string]any{"sig": ed25519.Sign(key, dsse.PAE(manifest.PayloadType, other))}}
	})
	each(t, tools(t), func(t *testing.T, tool tool) { wantRefused(t, tool.name, tool.cmd(dir)) })
}

// Every kind of key does.
func TestFourToolsWithEveryKey(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	all := tools(t)
	for kind, key := range map[string]any{"Ed25519": ed, "RSA": r} {
		s, err := manifest.NewSigner(key)
		if err != nil {
			t.Fatal(err)
		}
		dir := export(t, s)
		harmed := copied(t, dir)
		flipFile(t, harmed+"/packet")
		t.Run(kind, func(t *testing.T) {
			each(t, all, func(t *testing.T, tool tool) {
				wantAccepted(t, tool.name, tool.cmd(dir))
				wantRefused(t, tool.name, tool.cmd(harmed))
			})
		})
	}
}

// A timestamp is checked by all four once they are told whose to trust: one that
// was made over another signature, or is missing, is refused.
func TestFourToolsWithTimestamps(t *testing.T) {
	url, chain := servers.TimestampAuthority(t)
	signer, err := newSigner(t).WithTimestamps(manifest.Stamping{Authorities: []manifest.TimeAuthority{&keyless.Authority{URL: url}}, Required: 1})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(chain)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	tsa, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	dir, other := export(t, signer), export(t, signer)
	write(t, dir+"/tsa.pem", tsa)
	each(t, tools(t), func(t *testing.T, tool tool) {
		wantAccepted(t, tool.name, tool.cmd(dir))
		swapped := copied(t, dir)
		editBundle(t, swapped, func(b map[string]any) {
			var o map[string]any
			if err := json.Unmarshal(read(t, other+"/bundle.json"), &o); err != nil {
				t.Fatal(err)
			}
			material(b)["timestampVerificationData"] = material(o)["timestampVerificationData"]
		})
		wantRefused(t, tool.name+" with another export's timestamp", tool.cmd(swapped))
		editBundle(t, swapped, func(b map[string]any) { delete(material(b), "timestampVerificationData") })
		wantRefused(t, tool.name+" without a timestamp", tool.cmd(swapped))
	})
}

// Any one packet of a large batch is checked with its own manifest alone.
func TestPacketFromTheMiddle(t *testing.T) {
	signer := newSigner(t)
	bucket := memworm.New()
	store, err := worm.New(t.Context(), bucket)
	if err != nil {
		t.Fatal(err)
	}
	a, err := archive.OpenStore(store, archive.Config{Signer: signer, Operator: "release-ops/test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var packets []archive.Packet
	document := func(i int) string {
		return fmt.Sprintf(`{"promotion_packet_id": "pp-%05d", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-04T10:22:00Z"}`, i)
	}
	for i := range 10_000 {
		p, err := archive.ParseJSON([]byte(document(i)))
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, p)
	}
	receipts, err := a.ExportBatch(t.Context(), packets)
	if err != nil {
		t.Fatal(err)
	}
	row := receipts[5000].Row
	bundle, err := store.Read(t.Context(), worm.Ref{Key: filepath.ToSlash(manifestOf("", row))}, manifest.MaxBundleBytes)
	if err != nil {
		t.Fatal(err)
	}
	dir := evidence(t, signer, []byte(document(5000)), bundle)
	batches := map[string]bool{}
	for _, r := range receipts {
		batches[r.ContentIntegrityReference] = true
	}
	t.Logf("10,000 packets: %d signatures, %d bytes of manifest each", len(batches), len(bundle))
	if len(batches) != 10 {
		t.Errorf("%d manifests, 10 are enough", len(batches))
	}
	other := copied(t, dir)
	write(t, other+"/packet", []byte(document(1)))
	each(t, tools(t), func(t *testing.T, tool tool) {
		wantAccepted(t, tool.name, tool.cmd(dir))
		wantRefused(t, tool.name+" with the packet of another manifest", tool.cmd(other))
	})
}

// The program knows nothing of Holdfast.
func TestImportsNothingOfOurs(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(dep, "github.com/holdfast-archive/") && dep != "github.com/holdfast-archive/holdfast/examples/auditor" {
			t.Errorf("it links %s", dep)
		}
	}
}
