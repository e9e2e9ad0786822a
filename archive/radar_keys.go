package archive

import (
	"cmp"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-archive/holdfast/archive/manifest"
)

// certificates names those watched that end before the evidence does.
func (r *radar) certificates() {
	for _, w := range r.watch.Certificates {
		for _, c := range w.Chain {
			r.ends(c, Lapse{NeededUTC: r.longest.lock.Until, Object: cmp.Or(w.Name, c.Subject.String()), Problem: "evidence may rest on it"})
		}
	}
}

// ends names a certificate that ends soon, or before what rests on it.
func (r *radar) ends(c *x509.Certificate, l Lapse) {
	if !c.NotAfter.Before(l.NeededUTC) && c.NotAfter.After(r.report.SoonUTC) {
		return
	}
	l.Kind, l.ByUTC = CertEnds, c.NotAfter.UTC()
	l.Problem = fmt.Sprintf("the certificate %.120q ends, and %s; what was signed before stays verifiable as of its own time", c.Subject, l.Problem)
	l.Mend = "keep the whole chain and its trusted root with the verifier's, and give Trust the authority's next chain beside it; verify with the time of the signature (openssl ts -verify -attime)"
	r.lapse(l)
}

// keys names owners who can sign no more when their last key goes out of use.
func (r *radar) keys() error {
	last := map[string]manifest.TrustedKey{}
	for _, k := range r.watch.Trust.Keys {
		have, ok := last[k.Owner]
		if !ok || later(k.Until, have.Until) {
			last[k.Owner] = k
		}
	}
	for owner, k := range last {
		if k.Until.IsZero() {
			continue
		}
		id, err := manifest.KeyID(k.Key)
		if err != nil {
			return fmt.Errorf("the key of %.80q: %w", owner, err)
		}
		r.lapse(Lapse{Kind: KeyEnds, ByUTC: k.Until.UTC(), Object: id,
			Problem: fmt.Sprintf("it is the last key of %.80q: what is exported from then on does not verify; what was before does", owner),
			Mend:    fmt.Sprintf("make a key, sign with it, and add TrustedKey{Owner: %q, From: %s} to Trust", owner, k.Until.UTC().Format(time.RFC3339))})
	}
	return nil
}

// later reports whether a key is in use for longer than another; zero is for good.
func later(until, than time.Time) bool {
	if until.IsZero() || than.IsZero() {
		return until.IsZero() && !than.IsZero()
	}
	return until.After(than)
}

// maxChain bounds the certificates of one chain.
const maxChain = 100

// ParseChain reads a chain of certificates from PEM, to be watched.
func ParseChain(name string, chain []byte) (Watched, error) {
	w := Watched{Name: name}
	for block, rest := pem.Decode(chain); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return Watched{}, fmt.Errorf("archive: the chain of %.80q: %w", name, err)
		}
		if w.Chain = append(w.Chain, c); len(w.Chain) > maxChain {
			return Watched{}, fmt.Errorf("archive: the chain of %.80q: %w: more than %d certificates", name, ErrTooLarge, maxChain)
		}
	}
	if len(w.Chain) == 0 {
		return Watched{}, fmt.Errorf("archive: the chain of %.80q: %w", name, errors.New("no CERTIFICATE in PEM"))
	}
	return w, nil
}
