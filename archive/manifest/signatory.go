package manifest

import (
	"fmt"
	"time"
)

// Signatory is who signed a manifest: a key, or an identity that a certificate
// vouches for.
type Signatory struct {
	KeyID string // SHA-256 of the public key's DER, in hex; empty for an identity

	Issuer  string // who vouched for the identity, such as https://token.actions.githubusercontent.com
	Subject string // the identity, such as a workflow's URI or an e-mail address

	Owner       string    // as the verifier's trust names it
	From, Until time.Time // when it may sign; zero is no bound
}

// String names the signatory in a message.
func (s Signatory) String() string {
	who := fmt.Sprintf("key %s", s.KeyID)
	if s.KeyID == "" {
		who = fmt.Sprintf("%s (vouched for by %s)", s.Subject, s.Issuer)
	}
	if s.Owner != "" {
		who += " of " + s.Owner
	}
	return who
}

// ValidAt checks that the signatory might sign at a time. The error is a
// [KeyWindowError].
func (s Signatory) ValidAt(at time.Time) error {
	if at.Before(s.From) || !s.Until.IsZero() && !at.Before(s.Until) {
		return fmt.Errorf("manifest: %w", &KeyWindowError{Signatory: s, At: at})
	}
	return nil
}
