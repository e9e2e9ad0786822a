package linkage

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"fmt"
	"strings"
	"text/template"
	"time"
)

//go:embed verify.md
var verifySource string

var verifyTemplate = template.Must(template.New("verify").Funcs(template.FuncMap{"visible": visible, "quote": shellQuote, "instant": instant}).Parse(verifySource))

// verification is what VERIFY.md is made of.
type verification struct {
	*Pack
	Row           string // file of the export row
	Withheld      bool   // the manifest is not in the pack
	Ed25519       bool   // the manifest's key is
	PredicateType string
	Certified     bool   // an identity signed it, rather than a key
	Subject       string // of the identity
	Issuer        string
	Fingerprints  []string // of the keys
}

func (p *Pack) instructions(withheld bool) ([]byte, error) {
	by := p.evidence.SignedBy
	v := verification{Pack: p, Row: rowName("rows", p.Export, "jsonl"), Withheld: withheld,
		PredicateType: p.evidence.Statement.PredicateType, Certified: by.KeyID == "", Subject: by.Subject, Issuer: by.Issuer}
	for _, k := range p.keys {
		block, _ := pem.Decode(k.pem)
		pub, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		if k.name == manifestKeyFile {
			_, v.Ed25519 = pub.(ed25519.PublicKey)
		}
		v.Fingerprints = append(v.Fingerprints, fmt.Sprintf("%x  %s", sha256.Sum256(block.Bytes), k.name))
	}
	var b bytes.Buffer
	if err := verifyTemplate.Execute(&b, v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Proven reports whether the pack has proofs.
func (v verification) Proven() bool { return v.Checkpoint.Size > 0 }

// Latest is when the last row about the export was recorded.
func (v verification) Latest() time.Time { return v.Rows[len(v.Rows)-1].RecordedAtUTC }

// Kinds says what the rows are.
func (v verification) Kinds() string {
	var all []string
	for _, r := range v.Rows {
		all = append(all, fmt.Sprintf("%d (%s)", r.ExportRowID, visible(string(r.Kind))))
	}
	return strings.Join(all, ", ")
}

// shellQuote makes one word of any text.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
