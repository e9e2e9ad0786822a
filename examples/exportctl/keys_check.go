package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
)

func (t *tool) keysCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Have the key sign once, and see whether that is trusted",
		Long: `Check has --key sign once, wherever it is, and verifies the signature as an export's would be:
by --trust, if that is given. What is signed is no export: it says so, names a packet that
nobody has, and is thrown away.

When to use: after setting up a pipeline, a key management service or an identity, and after
rotating a key.
Related: doctor, which does the same and looks at the bucket`,
		Example: `  exportctl keys check --key awskms:///alias/holdfast --trust trust.yaml`,
		Args:    none,
		RunE: func(c *cobra.Command, _ []string) error {
			checked, err := t.checkKey(c.Context())
			if err != nil {
				return err
			}
			return t.screen.Show(checked, checked.draw)
		},
	}
}

// checkedKey is a key that has signed.
type checkedKey struct {
	Name         string  `json:"name"`
	SignedBy     string  `json:"signed_by"`
	Timestamps   int     `json:"timestamps"`
	Milliseconds float64 `json:"milliseconds"` // it took to sign
}

// checkKey has the key sign once.
func (t *tool) checkKey(ctx context.Context) (checkedKey, error) {
	checked := checkedKey{Name: t.shared.key}
	trust, err := t.loadTrust()
	if err != nil {
		return checked, err
	}
	signer, err := t.signer(ctx, trust)
	if err != nil {
		return checked, err
	}
	if signer == nil {
		return checked, wrongUse("what signs? Give --key FILE, or set %s; `exportctl keys create` makes one", variable("key"))
	}
	verifier, err := trust.verifier()
	if err != nil {
		return checked, err
	}
	if verifier == nil {
		verifier = signer.Verifier()
	}
	began := time.Now()
	verified, err := trySignature(ctx, signer, verifier)
	checked.Milliseconds = float64(time.Since(began).Microseconds()) / 1000
	checked.SignedBy, checked.Timestamps = verified.SignedBy.String(), len(verified.Timestamps)
	return checked, err
}

// trySignature signs a statement that is no export, and verifies it.
func trySignature(ctx context.Context, signer *manifest.Signer, verifier *manifest.Verifier) (manifest.Verified, error) {
	trial, err := trialStatement(time.Now().UTC())
	if err != nil {
		return manifest.Verified{}, err
	}
	ctx, cancel := firstAnswer(ctx, "the key")
	defer cancel()
	bundle, err := signer.Sign(ctx, trial)
	if err != nil {
		return manifest.Verified{}, overdue(ctx, err)
	}
	return verifier.Verify(bundle)
}

// trialStatement is over a text that says what it is, and lies in no bucket.
func trialStatement(at time.Time) (manifest.Statement, error) {
	const text = "exportctl tries a key; this is no export\n"
	sum := sha256.Sum256([]byte(text))
	return manifest.NewStatement(manifest.Predicate{
		ExportBatchID: "no-export", ExportedAtUTC: at, ExportOperatorAck: "exportctl keys check",
		Packets: []manifest.Packet{{
			PromotionPacketID: "no-export", PromotionDecision: "none: " + text[:len(text)-1], PromotionDecisionAtUTC: at,
			Document:  manifest.Object{Name: "no-export.txt", Subject: "no-export.txt", SHA256: hex.EncodeToString(sum[:]), Size: int64(len(text))},
			Retention: manifest.Retention{Reasons: []string{"no export: a key was tried"}, Mode: "none"},
		}},
	})
}

func (k checkedKey) draw(p *screen.Page) {
	p.Good("%s signs, and what it signs is trusted: %s", screen.Clean(k.Name), screen.Clean(k.SignedBy))
	p.Line("  %s", p.Dim(fmt.Sprintf("one signature, %d timestamps, %.0f ms; nothing was written", k.Timestamps, k.Milliseconds)))
}
