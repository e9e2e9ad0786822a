package manifest_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

var update = flag.Bool("update", false, "write testdata/example.* anew")

// example is the batch of the worked example.
func example(t *testing.T) (*manifest.Signer, manifest.Statement) {
	t.Helper()
	s, err := manifest.NewSigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	folder := "packets/pp-7/" + sum + "/"
	p := predicate()
	p.Packets[0].PromotionPacketID = "pp-7"
	p.Packets[0].ArchiveURI = "s3://release-evidence/" + folder + "packet.json?versionId=3LgX"
	p.Packets[0].Document = manifest.Object{Name: "packet.json", Subject: folder + "packet.json", URI: p.Packets[0].ArchiveURI, SHA256: sum, Size: 812}
	p.Packets[0].Exhibits = []manifest.Object{{
		Name: "scorecard.pdf", Subject: folder + "exhibits/scorecard.pdf", URI: "s3://release-evidence/" + folder + "exhibits/scorecard.pdf?versionId=8RqB",
		SHA256: other, Size: 48211,
	}}
	until := p.Packets[0].Retention.RetainUntilUTC
	p.Packets[0].Document.Observed = &manifest.Observed{Mode: "compliance", RetainUntilUTC: until, LegalHold: "off", Version: "3LgX", By: "read"}
	p.Packets[0].Exhibits[0].Observed = &manifest.Observed{Mode: "compliance", RetainUntilUTC: until, LegalHold: "off", Version: "8RqB", By: "read"}
	p.Packets[0].Retention.Reasons = []string{"jurisdiction KR is listed as regulated"}
	statement, err := manifest.NewStatement(p)
	if err != nil {
		t.Fatal(err)
	}
	return s, statement
}

// The worked example of the package doc is what the package writes, byte for byte,
// and verifies.
func TestWorkedExample(t *testing.T) {
	s, statement := example(t)
	bundle, err := s.Sign(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := s.PublicKeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	var readable bytes.Buffer
	if err := json.Indent(&readable, payloadOf(t, bundle), "", "  "); err != nil {
		t.Fatal(err)
	}
	readable.WriteByte('\n')
	for path, content := range map[string][]byte{
		"testdata/example.sigstore.json": bundle, "testdata/example.key.pub": pub, "testdata/example.statement.json": readable.Bytes(),
	} {
		if *update {
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if kept, err := os.ReadFile(path); err != nil || !bytes.Equal(kept, content) {
			t.Errorf("%s is not what is written now (%v); if that is meant, run go test -run WorkedExample -update, and old manifests must still verify", path, err)
		}
	}
	v, err := manifest.LoadVerifier("testdata/example.key.pub")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(bundle); err != nil {
		t.Error(err)
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for what, value := range map[string]string{"reference": manifest.Reference(bundle), "key id": s.KeyID()} {
		if !strings.Contains(string(doc), value) {
			t.Errorf("the package doc has another %s than %s", what, value)
		}
	}
}

// What is signed is what the schema says, and the schema names every field of it.
func TestPredicateSchema(t *testing.T) {
	schema := compile(t)
	_, statement := example(t)
	encoded, err := json.Marshal(statement.Predicate)
	if err != nil {
		t.Fatal(err)
	}
	check := func(change func(p map[string]any)) error {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
		if err != nil {
			t.Fatal(err)
		}
		change(value.(map[string]any))
		return schema.Validate(value)
	}
	if err := check(func(map[string]any) {}); err != nil {
		t.Error(err)
	}
	if err := check(func(p map[string]any) { p["a_later_field"] = true }); err != nil {
		t.Errorf("a field of a later version: %v", err)
	}
	for name, change := range map[string]func(p map[string]any){
		"no batch":      func(p map[string]any) { delete(p, "export_batch_id") },
		"local time":    func(p map[string]any) { p["exported_at_utc"] = "2026-08-04T12:30:12+02:00" },
		"short digest":  func(p map[string]any) { p["log"].(map[string]any)["root_sha256"] = "9f" },
		"no packets":    func(p map[string]any) { p["packets"] = []any{} },
		"another class": func(p map[string]any) { retentionOf(p)["retention_class"] = "forever" },
	} {
		if check(change) == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
	var p any
	if err := json.Unmarshal(encoded, &p); err != nil {
		t.Fatal(err)
	}
	for name := range fields(p) {
		if !strings.Contains(manifest.PredicateSchema, fmt.Sprintf("%q: {", name)) {
			t.Errorf("the schema does not name %s", name)
		}
	}
}

// fields are the names of all fields of a JSON value.
func fields(v any) map[string]bool {
	all := map[string]bool{}
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			all[name] = true
			maps.Copy(all, fields(value))
		}
	case []any:
		for _, value := range v {
			maps.Copy(all, fields(value))
		}
	}
	return all
}

func retentionOf(p map[string]any) map[string]any {
	return p["packets"].([]any)[0].(map[string]any)["retention"].(map[string]any)
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(manifest.PredicateSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(manifest.PredicateType, document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(manifest.PredicateType)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func payloadOf(t *testing.T, bundle []byte) []byte {
	t.Helper()
	var b struct {
		DSSEEnvelope struct {
			Payload string `json:"payload"`
		} `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal(bundle, &b); err != nil {
		t.Fatal(err)
	}
	payload, err := base64.StdEncoding.DecodeString(b.DSSEEnvelope.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// Fields of a later version are read over, and what is known still counts.
func TestLaterFieldsAreTolerated(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := manifest.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	bundle := sign(t, s)
	payload := payloadOf(t, bundle)
	later := bytes.Replace(payload, []byte(`"export_batch_id"`), []byte(`"a_later_field":{"x":1},"export_batch_id"`), 1)
	var b map[string]any
	if err := json.Unmarshal(bundle, &b); err != nil {
		t.Fatal(err)
	}
	b["dsseEnvelope"] = map[string]any{"payloadType": manifest.PayloadType, "payload": later,
		"signatures": []any{map[string]any{"sig": ed25519.Sign(key, dsse.PAE(manifest.PayloadType, later))}}}
	resigned, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Verifier().Verify(resigned)
	if err != nil || got.Statement.Predicate.ExportBatchID != predicate().ExportBatchID {
		t.Errorf("%+v, %v", got.Statement.Predicate.ExportBatchID, err)
	}
}
