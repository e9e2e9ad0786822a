package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/exportlog"
)

func (t *tool) keysShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Show which key signs, which are trusted and when, and the log's own",
		Long: `Show lists the keys that --key, --trust and --log-key name, by the ids under which manifests
name them. A key's id is the SHA-256 of its public half:

    openssl pkey -pubin -in holdfast.key.pub -outform DER | sha256sum

Related: keys check, which has the key sign`,
		Example: `  exportctl keys show --trust trust.yaml
  exportctl keys show --json | jq -r '.trusted_keys[].key_id'`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error {
			shown, err := t.keysInUse(c.Context())
			if err != nil {
				return err
			}
			if shown.nothing() {
				return wrongUse("which keys? Give --key, --trust or --log-key")
			}
			return t.screen.Show(shown, shown.draw)
		},
	}
}

// shownKeys are the keys that the flags name.
type shownKeys struct {
	SigningKey *shownKey      `json:"signing_key,omitempty"`
	Trusted    []shownKey     `json:"trusted_keys"`
	Owners     []string       `json:"owners,omitempty"`             // who of them may own integrity; empty is anybody
	Identities []identityFile `json:"trusted_identities,omitempty"` // a pattern stands where the name would
	LogKey     *shownLogKey   `json:"log_key,omitempty"`
}

type shownKey struct {
	keyFile        // as the flag, or the trust.yaml, names it
	KeyID   string `json:"key_id,omitempty"`
	Kind    string `json:"kind"`
}

type shownLogKey struct {
	Name    string `json:"name"`
	Origin  string `json:"origin"`
	Public  string `json:"public"`
	CanSign bool   `json:"can_sign"`
}

// keysInUse reads the keys that the flags name.
func (t *tool) keysInUse(ctx context.Context) (shownKeys, error) {
	shown := shownKeys{Trusted: []shownKey{}}
	trust, err := t.loadTrust()
	if err != nil {
		return shown, err
	}
	signer, err := t.signer(ctx, trust)
	if err != nil {
		return shown, err
	}
	if signer != nil {
		shown.SigningKey = &shownKey{keyFile{File: t.shared.key}, signer.KeyID(), kindOf(signer.PublicKey())}
	}
	for _, k := range trust.Keys {
		one, err := k.shown()
		if err != nil {
			return shown, usageError{err}
		}
		shown.Trusted = append(shown.Trusted, one)
	}
	shown.Owners = trust.Owners
	for _, i := range trust.Keyless.Identities {
		i.Issuer, i.Subject = i.Issuer+i.IssuerPattern, i.Subject+i.SubjectPattern
		shown.Identities = append(shown.Identities, i)
	}
	key, err := t.checkpointKey()
	if err != nil {
		return shown, err
	}
	if key != nil {
		shown.LogKey = &shownLogKey{Name: t.shared.logKey, Origin: originOf(key), Public: key.Public(), CanSign: key.CanSign()}
	}
	return shown, nil
}

func (k keyFile) shown() (shownKey, error) {
	public, err := manifest.LoadPublicKey(k.File)
	if err != nil {
		return shownKey{}, err
	}
	id, err := manifest.KeyID(public)
	if err != nil {
		return shownKey{}, fmt.Errorf("%s: %w", k.File, err)
	}
	return shownKey{k, id, kindOf(public)}, nil
}

// kindOf names the kinds of key that are supported.
func kindOf(key crypto.PublicKey) string {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	}
	return "an identity, with a key for each signature"
}

// originOf is the name of the log that a key is of.
func originOf(key *exportlog.CheckpointKey) string {
	origin, _, _ := strings.Cut(key.Public(), "+")
	return origin
}

func (s shownKeys) nothing() bool {
	return s.SigningKey == nil && s.LogKey == nil && len(s.Trusted) == 0 && len(s.Identities) == 0
}

func (s shownKeys) draw(p *screen.Page) {
	if k := s.SigningKey; k != nil {
		p.Title("signs exports")
		p.Fields(screen.Field{Name: "key", Value: k.File}, screen.Field{Name: "kind", Value: k.Kind}, screen.Field{Name: "id", Value: k.KeyID})
	}
	if len(s.Trusted)+len(s.Identities) > 0 {
		p.Title("trusted")
	}
	if len(s.Owners) > 0 {
		p.Line("  only those of %s may own integrity", screen.Clean(strings.Join(s.Owners, ", ")))
	}
	rows := make([][]any, 0, len(s.Trusted)+len(s.Identities))
	for _, k := range s.Trusted {
		rows = append(rows, []any{k.File, k.Kind, k.Owner, orAlways(k.From), orAlways(k.Until), k.KeyID})
	}
	for _, i := range s.Identities {
		rows = append(rows, []any{i.Subject, "identity", i.Owner, orAlways(i.From), orAlways(i.Until), "vouched for by " + i.Issuer})
	}
	p.Table([]string{"key", "kind", "owner", "from", "until", "id"}, rows)
	if k := s.LogKey; k != nil {
		p.Title("the log's own")
		what := "verifies checkpoints"
		if k.CanSign {
			what = "signs checkpoints"
		}
		p.Fields(screen.Field{Name: "key", Value: k.Name}, screen.Field{Name: "origin", Value: k.Origin}, screen.Field{Name: "public", Value: k.Public}, screen.Field{Name: "does", Value: what})
	}
}

func orAlways(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return moment(at)
}
