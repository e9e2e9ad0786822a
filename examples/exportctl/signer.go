package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	_ "github.com/sigstore/sigstore/pkg/signature/kms/aws"
	_ "github.com/sigstore/sigstore/pkg/signature/kms/azure"
	_ "github.com/sigstore/sigstore/pkg/signature/kms/gcp"
	_ "github.com/sigstore/sigstore/pkg/signature/kms/hashivault"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/archive/manifest/keyless"
)

// passwords are where the password of an encrypted key is looked for.
var passwords = []string{"HOLDFAST_KEY_PASSWORD", "COSIGN_PASSWORD"}

// signer returns what --key names, or nil if it names nothing: a file, a key of a key
// management service, or an identity.
func (t *tool) signer(ctx context.Context, trust trustFile) (*manifest.Signer, error) {
	name := t.shared.key
	source, isIdentity := strings.CutPrefix(name, "keyless:")
	var signer *manifest.Signer
	var err error
	switch {
	case name == "":
		return nil, nil
	case isIdentity:
		signer, err = trust.Keyless.signer(source)
	case strings.Contains(name, "://"):
		signer, err = openKMS(ctx, name)
	default:
		signer, err = manifest.LoadSigner(name, password)
		if err != nil {
			err = usageError{err}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("--key %s: %w", name, err)
	}
	return trust.stamping(signer)
}

// openKMS is bounded: a service that does not answer must not keep whoever waits.
func openKMS(ctx context.Context, uri string) (*manifest.Signer, error) {
	ctx, cancel := firstAnswer(ctx, "the key service")
	defer cancel()
	signer, err := manifest.OpenKMS(ctx, uri)
	if err != nil && !errors.Is(err, manifest.ErrUnknownKMS) {
		err = keyServiceError{uri, overdue(ctx, err)}
	}
	return signer, err
}

// keyServiceError is a key that its service could not be asked for.
type keyServiceError struct {
	uri string
	err error
}

func (e keyServiceError) Error() string { return e.err.Error() }
func (e keyServiceError) Unwrap() error { return e.err }

// errEncrypted: nobody said how to open the key.
var errEncrypted = errors.New("the key is encrypted")

func password() ([]byte, error) {
	for _, name := range passwords {
		if p, ok := os.LookupEnv(name); ok {
			return []byte(p), nil
		}
	}
	return nil, fmt.Errorf("%w: set %s", errEncrypted, strings.Join(passwords, " or "))
}

// signer makes a signer of an identity, whose token comes from github, env:NAME or
// file:PATH.
func (k keylessFile) signer(source string) (*manifest.Signer, error) {
	token, err := tokenFrom(source)
	if err != nil {
		return nil, err
	}
	if k.Fulcio == "" {
		return nil, wrongUse("an identity needs a trust.yaml with keyless.fulcio and keyless.root: give it with --trust")
	}
	trust, err := k.trust()
	if err != nil {
		return nil, err
	}
	return keyless.NewSigner(keyless.Config{Token: token, Fulcio: k.Fulcio, Rekor: k.Rekor, Trust: trust})
}

func tokenFrom(source string) (keyless.Token, error) {
	kind, name, _ := strings.Cut(source, ":")
	switch kind {
	case "github":
		return keyless.GitHubToken("sigstore"), nil
	case "env":
		return keyless.TokenFromEnv(name), nil
	case "file":
		return keyless.TokenFromFile(name), nil
	}
	return nil, wrongUse("keyless:github, keyless:env:NAME or keyless:file:PATH, and not keyless:%s", source)
}
