package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/archive/manifest/keyless"
)

// trustFile is a trust.yaml: who is trusted, where a public key alone does not say
// enough. Paths are relative to the file.
//
//	owners: [release-ops]
//	keys:
//	  - {file: 2025.pub, owner: release-ops, until: 2026-01-01T00:00:00Z}
//	  - {file: 2026.pub, owner: release-ops, from: 2026-01-01T00:00:00Z}
//	keyless:
//	  root: trusted_root.json
//	  fulcio: https://fulcio.sigstore.dev
//	  rekor: https://rekor.sigstore.dev
//	  log_entries: 1
//	  identities:
//	    - {issuer: https://token.actions.githubusercontent.com, subject_pattern: 'https://github.com/acme/.*', owner: release-ops}
//	timestamps:
//	  authorities: [https://tsa.example.com/api/v1/timestamp]
//	  chains: [tsa.pem]
//	  required: 1
type trustFile struct {
	Owners     []string       `yaml:"owners"`
	Keys       []keyFile      `yaml:"keys"`
	Keyless    keylessFile    `yaml:"keyless"`
	Timestamps timestampsFile `yaml:"timestamps"`
}

// keyFile and identityFile are shown as they are written, see shownKeys.
type keyFile struct {
	File  string    `yaml:"file" json:"name"`
	Owner string    `yaml:"owner" json:"owner,omitempty"`
	From  time.Time `yaml:"from" json:"from,omitzero"`
	Until time.Time `yaml:"until" json:"until,omitzero"`
}

type keylessFile struct {
	Root       string         `yaml:"root"`
	Fulcio     string         `yaml:"fulcio"`
	Rekor      string         `yaml:"rekor"`
	LogEntries int            `yaml:"log_entries"`
	SCTs       int            `yaml:"scts"`
	Identities []identityFile `yaml:"identities"`
}

type identityFile struct {
	Issuer         string    `yaml:"issuer" json:"issuer"`
	IssuerPattern  string    `yaml:"issuer_pattern" json:"-"`
	Subject        string    `yaml:"subject" json:"subject"`
	SubjectPattern string    `yaml:"subject_pattern" json:"-"`
	Owner          string    `yaml:"owner" json:"owner,omitempty"`
	From           time.Time `yaml:"from" json:"from,omitzero"`
	Until          time.Time `yaml:"until" json:"until,omitzero"`
}

type timestampsFile struct {
	Authorities []string `yaml:"authorities"`
	Chains      []string `yaml:"chains"`
	Required    int      `yaml:"required"`
}

// loadTrust reads --trust: any number of public keys, or of trust.yaml files.
func (t *tool) loadTrust() (trustFile, error) {
	var all trustFile
	for _, path := range t.shared.trust {
		if !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(path)) {
			all.Keys = append(all.Keys, keyFile{File: path})
			continue
		}
		one, err := readTrust(path)
		if err != nil {
			return trustFile{}, usageError{fmt.Errorf("--trust %s: %w", path, err)}
		}
		if all, err = all.and(one); err != nil {
			return trustFile{}, usageError{fmt.Errorf("--trust %s: %w", path, err)}
		}
	}
	return all, nil
}

func readTrust(path string) (trustFile, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return trustFile{}, err
	}
	var f trustFile
	if err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(&f); err != nil {
		return trustFile{}, fmt.Errorf("%s", strings.TrimSpace(yaml.FormatError(err, false, true)))
	}
	beside := func(name *string) {
		if *name != "" && !filepath.IsAbs(*name) {
			*name = filepath.Join(filepath.Dir(path), *name)
		}
	}
	for i := range f.Keys {
		beside(&f.Keys[i].File)
	}
	for i := range f.Timestamps.Chains {
		beside(&f.Timestamps.Chains[i])
	}
	beside(&f.Keyless.Root)
	return f, nil
}

// and joins what two files say. Only one of them can say who vouches for identities, and
// for time.
func (f trustFile) and(other trustFile) (trustFile, error) {
	if f.Keyless.Root != "" || len(f.Timestamps.Chains) > 0 {
		return trustFile{}, fmt.Errorf("give one trust.yaml, and any number of public keys")
	}
	other.Keys = append(slices.Clone(f.Keys), other.Keys...)
	other.Owners = append(slices.Clone(f.Owners), other.Owners...)
	return other, nil
}

// verifier returns who is trusted; nil if nobody was named: then it is whoever signs.
func (f trustFile) verifier() (*manifest.Verifier, error) {
	if len(f.Keys) == 0 && f.Keyless.Root == "" {
		return nil, nil
	}
	trust, err := f.trust()
	if err != nil {
		return nil, usageError{err}
	}
	return trust.NewVerifier()
}

// trust reads the files that the trust file names.
func (f trustFile) trust() (manifest.Trust, error) {
	trust := manifest.Trust{Owners: f.Owners, RequireTimestamps: f.Timestamps.Required}
	for _, k := range f.Keys {
		key, err := manifest.LoadPublicKey(k.File)
		if err != nil {
			return trust, err
		}
		trust.Keys = append(trust.Keys, manifest.TrustedKey{Key: key, Owner: k.Owner, From: k.From, Until: k.Until})
	}
	if f.Keyless.Root != "" {
		identities, err := f.Keyless.trust()
		if err != nil {
			return trust, err
		}
		if trust.Identities, err = identities.NewVerifier(); err != nil {
			return trust, err
		}
	}
	if len(f.Timestamps.Chains) > 0 {
		times, err := keyless.LoadAuthorities(f.Timestamps.Chains...)
		if err != nil {
			return trust, err
		}
		trust.Timestamps = times
	}
	return trust, nil
}

func (k keylessFile) trust() (keyless.Trust, error) {
	root, err := keyless.LoadRoot(k.Root)
	if err != nil {
		return keyless.Trust{}, err
	}
	trust := keyless.Trust{Root: root, LogEntries: k.LogEntries, SCTs: k.SCTs}
	for _, i := range k.Identities {
		trust.Identities = append(trust.Identities, keyless.Identity(i))
	}
	return trust, nil
}

// stamping has the signer's signatures timestamped, if the file names authorities.
func (f trustFile) stamping(signer *manifest.Signer) (*manifest.Signer, error) {
	if len(f.Timestamps.Authorities) == 0 {
		return signer, nil
	}
	s := manifest.Stamping{Required: f.Timestamps.Required}
	for _, url := range f.Timestamps.Authorities {
		s.Authorities = append(s.Authorities, &keyless.Authority{URL: url})
	}
	return signer.WithTimestamps(s)
}
