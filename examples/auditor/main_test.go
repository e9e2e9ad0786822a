package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/archive/manifest/keyless"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest/servers"
)

// tools are the ways to check a folder of evidence.
func tools(t *testing.T) map[string]func(dir string) *exec.Cmd {
	t.Helper()
	auditor := filepath.Join(t.TempDir(), "auditor")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", auditor, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	scripts, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]func(dir string) *exec.Cmd{
		"sigstore-go": func(dir string) *exec.Cmd { return exec.CommandContext(t.Context(), auditor, dir) },
	}
	if have("bash", "openssl", "jq", "base64") {
		all["openssl"] = func(dir string) *exec.Cmd { return exec.CommandContext(t.Context(), scripts+"/openssl.sh", dir) }
	}
	if !offline("cosign-v3.1.3/cosign") && have("bash") {
		cosign := servers.Cosign(t)
		all["cosign"] = func(dir string) *exec.Cmd {
			cmd := exec.CommandContext(t.Context(), scripts+"/cosign.sh", dir)
			cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(cosign)+":"+os.Getenv("PATH"))
			return cmd
		}
	}
	if !offline("sigstore-verify-4.1.3/node_modules/@sigstore/verify/package.json") && have("node", "npm") {
		modules := servers.NPM(t, "@sigstore/verify", "4.1.3")
		all["@sigstore/verify"] = func(dir string) *exec.Cmd {
			cmd := exec.CommandContext(t.Context(), "node", scripts+"/verify.js", dir)
			cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
			return cmd
		}
	}
	if len(all) < 4 {
		t.Logf("NOT ALL TOOLS ARE HERE: %d of 4", len(all))
	}
	return all
}

func have(programs ...string) bool {
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			return false
		}
	}
	return true
}

// offline reports whether a tool is missing that may not be fetched.
func offline(file string) bool {
	cache, err := os.UserCacheDir()
	if err != nil || os.Getenv("HOLDFAST_TEST_OFFLINE") == "" {
		return false
	}
	_, err = os.Stat(filepath.Join(cache, "holdfast", "servers", file))
	return err != nil
}

// export puts one packet into an archive and its evidence into an empty folder:
// the packet, the bundle and the public key.
func export(t *testing.T, signer *manifest.Signer) (dir string) {
	t.Helper()
	bucket := t.TempDir()
	driver, err := fileworm.New(bucket)
	if err != nil {
		t.Fatal(err)
	}
	store, err := worm.New(t.Context(), driver)
	if err != nil {
		t.Fatal(err)
	}
	a, err := archive.OpenStore(store, archive.Config{Signer: signer, Operator: "release-ops/test"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	document := `{"promotion_packet_id": "pp-1", "promotion_decision": "promote", "promotion_decision_at_utc": "2026-08-04T10:22:00Z"}`
	p, err := archive.ParseJSON([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	r, err := a.Export(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return evidence(t, signer, []byte(document), read(t, manifestOf(bucket, r.Row)))
}

func manifestOf(bucket string, row exportlog.Row) string {
	return filepath.Join(bucket, "manifests", row.ExportBatchID, strings.TrimPrefix(row.ContentIntegrityReference, "sha256:")+".sigstore.json")
}

func evidence(t *testing.T, signer *manifest.Signer, packet, bundle []byte) (dir string) {
	t.Helper()
	pub, err := signer.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for name, content := range map[string][]byte{"packet": packet, "bundle.json": bundle, "key.pub": pub} {
		write(t, filepath.Join(dir, name), content)
	}
	return dir
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func newSigner(t *testing.T) *manifest.Signer {
	t.Helper()
	s, err := manifest.CreateKey(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// All four tools accept a packet, and refuse it when one bit of it, of what was
// signed, or of the signature is another.
func TestFourTools(t *testing.T) {
	dir := export(t, newSigner(t))
	flips := map[string]func(dir string){
		"packet":    func(dir string) { flipFile(t, dir+"/packet") },
		"payload":   func(dir string) { flipBundle(t, dir, payloadOf) },
		"signature": func(dir string) { flipBundle(t, dir, signatureOf) },
	}
	for name, tool := range tools(t) {
		wantAccepted(t, name, tool(dir))
		for what, flip := range flips {
			bad := t.TempDir()
			if err := os.CopyFS(bad, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			flip(bad)
			wantRefused(t, name+" with another bit in the "+what, tool(bad))
		}
	}
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
		for name, tool := range all {
			wantAccepted(t, name+" with "+kind, tool(dir))
		}
		flipFile(t, dir+"/packet")
		for name, tool := range all {
			wantRefused(t, name+" with "+kind, tool(dir))
		}
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
	for name, tool := range tools(t) {
		wantAccepted(t, name, tool(dir))
		swapped := t.TempDir()
		if err := os.CopyFS(swapped, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		editBundle(t, swapped, func(b map[string]any) {
			var o map[string]any
			if err := json.Unmarshal(read(t, other+"/bundle.json"), &o); err != nil {
				t.Fatal(err)
			}
			material(b)["timestampVerificationData"] = material(o)["timestampVerificationData"]
		})
		wantRefused(t, name+" with another export's timestamp", tool(swapped))
		editBundle(t, swapped, func(b map[string]any) { delete(material(b), "timestampVerificationData") })
		wantRefused(t, name+" without a timestamp", tool(swapped))
	}
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
	for name, tool := range tools(t) {
		wantAccepted(t, name, tool(dir))
	}
	write(t, dir+"/packet", []byte(document(1)))
	for name, tool := range tools(t) {
		wantRefused(t, name+" with the packet of another manifest", tool(dir))
	}
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

func wantAccepted(t *testing.T, what string, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", what, err, out)
	}
}

func wantRefused(t *testing.T, what string, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if _, exited := err.(*exec.ExitError); !exited {
		t.Errorf("%s: not refused: %v\n%s", what, err, out)
	}
}

func flipFile(t *testing.T, path string) {
	t.Helper()
	b := bytes.Clone(read(t, path))
	b[len(b)/2] ^= 1
	write(t, path, b)
}

func editBundle(t *testing.T, dir string, change func(b map[string]any)) {
	t.Helper()
	var b map[string]any
	if err := json.Unmarshal(read(t, dir+"/bundle.json"), &b); err != nil {
		t.Fatal(err)
	}
	change(b)
	edited, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/bundle.json", edited)
}

func material(b map[string]any) map[string]any { return b["verificationMaterial"].(map[string]any) }

func payloadOf(b map[string]any) (map[string]any, string) {
	return b["dsseEnvelope"].(map[string]any), "payload"
}

func signatureOf(b map[string]any) (map[string]any, string) {
	return b["dsseEnvelope"].(map[string]any)["signatures"].([]any)[0].(map[string]any), "sig"
}

// flipBundle changes one bit of what a base64 field of the bundle holds.
func flipBundle(t *testing.T, dir string, where func(b map[string]any) (map[string]any, string)) {
	t.Helper()
	editBundle(t, dir, func(b map[string]any) {
		in, field := where(b)
		var raw []byte
		if err := json.Unmarshal(fmt.Appendf(nil, "%q", in[field]), &raw); err != nil {
			t.Fatal(err)
		}
		raw[len(raw)/2] ^= 1
		in[field] = raw
	})
}
