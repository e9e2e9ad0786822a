package manifest

import (
	"time"
)

const (
	// StatementType is the type of an in-toto Statement v1.
	StatementType = "https://in-toto.io/Statement/v1"
	// PredicateType names the predicate described in the package doc.
	PredicateType = "https://github.com/holdfast-archive/holdfast/archive/manifest/export/v1"
	// MaxSubjects is how many objects one manifest may name. Sigstore's clients
	// refuse more than 1,024.
	MaxSubjects = 1000
)

// Statement is an in-toto Statement v1 over one export batch.
type Statement struct {
	Type          string    `json:"_type"`
	Subjects      []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     Predicate `json:"predicate"`
}

// Subject is one object of the batch: its key in the bucket, and its digest.
type Subject struct {
	Name   string `json:"name"`
	Digest Digest `json:"digest"`
}

// Digest is the digest set of a subject.
type Digest struct {
	SHA256 string `json:"sha256"` // lowercase hex
}

// Predicate says what was exported.
type Predicate struct {
	ExportBatchID     string    `json:"export_batch_id"`
	ExportedAtUTC     time.Time `json:"exported_at_utc"`
	ExportOperatorAck string    `json:"export_operator_ack"`
	Packets           []Packet  `json:"packets"`
	Log               LogAnchor `json:"log"`
}

// Packet is one decision packet of the batch.
type Packet struct {
	PromotionPacketID      string    `json:"promotion_packet_id"`
	PromotionDecision      string    `json:"promotion_decision"`
	PromotionDecisionAtUTC time.Time `json:"promotion_decision_at_utc"`
	ArchiveURI             string    `json:"archive_uri"`
	Document               Object    `json:"document"`
	Exhibits               []Object  `json:"exhibits,omitempty"`
	Retention              Retention `json:"retention"`

	// Reconstructed is set where the packet was put together after the fact.
	Reconstructed *Reconstruction `json:"reconstructed,omitempty"`
}

// Reconstruction says that a packet was not exported when its decision was taken,
// and who put it together later, from what.
type Reconstruction struct {
	By   string `json:"by"`   // as role/name
	From string `json:"from"` // the sources, in words
}

// Object is one stored object.
type Object struct {
	Name    string `json:"name"`    // as the exporter knew it, such as scorecard.pdf
	Subject string `json:"subject"` // the subject's name: its key in the bucket
	URI     string `json:"uri"`     // pins the version that was stored
	SHA256  string `json:"sha256"`  // lowercase hex
	Size    int64  `json:"size"`    // bytes

	// Observed is the lock that the bucket said the object was under when it was
	// exported. What was asked for is in the packet's [Retention]. Nil in manifests
	// from before there was such a thing: nothing is known then.
	Observed *Observed `json:"observed,omitempty"`
}

// Observed is how an object was found to be kept, after it was stored.
type Observed struct {
	Mode           string     `json:"mode"` // none, governance, compliance or unknown
	RetainUntilUTC *time.Time `json:"retain_until_utc,omitempty"`
	LegalHold      string     `json:"legal_hold"`        // on, off or unknown
	Version        string     `json:"version,omitempty"` // the bucket's own; empty where it has none
	By             string     `json:"by"`                // answer: the bucket said so when it took the object; read: when it was asked afterwards
}

// Unknown is the value of what could not be found out. It never counts as safe.
const Unknown = "unknown"

// Retention says how long a packet is kept, and why.
type Retention struct {
	RetentionClass string     `json:"retention_class"`
	Reasons        []string   `json:"reasons"`
	Period         string     `json:"period"` // ISO 8601
	Mode           string     `json:"mode"`   // none, governance or compliance
	RetainUntilUTC *time.Time `json:"retain_until_utc,omitempty"`
	LegalHold      bool       `json:"legal_hold"`
	PolicySHA256   string     `json:"policy_sha256"` // of the policy in force
}

// LogAnchor is the export log when the manifest was signed: whoever has the
// manifest can tell whether any row up to then was changed.
type LogAnchor struct {
	Size          int64  `json:"size"`            // rows
	RootSHA256    string `json:"root_sha256"`     // of the RFC 6962 tree over the rows' lines
	LastRowSHA256 string `json:"last_row_sha256"` // of the last line
}

// Objects returns the packet's document and exhibits.
func (p Packet) Objects() []Object {
	return append([]Object{p.Document}, p.Exhibits...)
}

// NewStatement makes the statement over a predicate, with a subject for each of
// its objects. The error is that of [Statement.Validate].
func NewStatement(p Predicate) (Statement, error) {
	s := Statement{Type: StatementType, PredicateType: PredicateType, Predicate: p}
	seen := map[string]bool{}
	for _, packet := range p.Packets {
		for _, o := range packet.Objects() {
			if !seen[o.Subject] {
				seen[o.Subject] = true
				s.Subjects = append(s.Subjects, Subject{Name: o.Subject, Digest: Digest{SHA256: o.SHA256}})
			}
		}
	}
	return s, s.Validate()
}

// Validate refuses a statement that is of another type, names no objects or more
// than [MaxSubjects], or whose subjects and objects do not match one to one. The
// error matches [ErrMalformed].
func (s Statement) Validate() error {
	if s.Type != StatementType {
		return malformed("the statement's _type is %.100q, not %s", s.Type, StatementType)
	}
	if s.PredicateType != PredicateType {
		return malformed("the predicateType is %.100q, not %s", s.PredicateType, PredicateType)
	}
	if len(s.Subjects) == 0 || len(s.Subjects) > MaxSubjects {
		return malformed("%d subjects; a manifest has 1 to %d", len(s.Subjects), MaxSubjects)
	}
	if s.Predicate.ExportBatchID == "" {
		return malformed("export_batch_id is missing")
	}
	return s.matchSubjects()
}

func (s Statement) matchSubjects() error {
	digests := map[string]string{}
	for _, subject := range s.Subjects {
		if _, twice := digests[subject.Name]; twice || subject.Name == "" {
			return malformed("subject %.200q is named twice, or not at all", subject.Name)
		}
		if !isSHA256(subject.Digest.SHA256) {
			return malformedAs(ErrUnknownAlgorithm, "subject %.200q: its digest, %.80q, is not a SHA-256 in lowercase hex", subject.Name, subject.Digest.SHA256)
		}
		digests[subject.Name] = subject.Digest.SHA256
	}
	named := map[string]bool{}
	for _, p := range s.Predicate.Packets {
		for _, o := range p.Objects() {
			if digests[o.Subject] != o.SHA256 || o.SHA256 == "" || o.Size < 0 {
				return malformed("packet %.80q: object %.80q does not match its subject %.200q", p.PromotionPacketID, o.Name, o.Subject)
			}
			named[o.Subject] = true
		}
	}
	if len(named) != len(digests) {
		return malformed("%d subjects, but the packets name %d objects", len(digests), len(named))
	}
	return nil
}
