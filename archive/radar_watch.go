package archive

import (
	"crypto/x509"
	"time"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/retention"
)

// LapseKind says what lapses.
type LapseKind string

// The kinds of lapse.
const (
	PromiseShort  LapseKind = "promise short"     // an export is promised less than the policy says now: it became longer, or stricter
	LockShort     LapseKind = "lock short"        // an object is locked for less than its export is promised
	LogLockShort  LapseKind = "log lock short"    // a commit is locked for less than the evidence that it explains
	KeyEnds       LapseKind = "key ends"          // the last key of an owner goes out of use, and nothing can be signed
	CertEnds      LapseKind = "certificate ends"  // a certificate or a timestamp authority's chain ends before the evidence that rests on it
	HoldNotLooked LapseKind = "hold not reviewed" // nobody has looked at a hold for longer than Watch.ReviewHoldsEvery
)

// Lapse is something that ends too soon, or that nobody has looked at.
type Lapse struct {
	Kind        LapseKind `json:"kind"`
	ByUTC       time.Time `json:"by_utc"`              // when it lapses, or lapsed
	NeededUTC   time.Time `json:"needed_utc,omitzero"` // until when it should last; zero is for good
	ExportRowID int64     `json:"export_row_id,omitzero"`

	// Of an export that is promised or locked for too short: what mends it is to extend this
	// packet's exports, to this class.
	PromotionPacketID string          `json:"promotion_packet_id,omitzero"`
	RetentionClass    retention.Class `json:"retention_class,omitzero"`

	Object  string `json:"object"`  // a packet's id, a key in the bucket, a key's id, a certificate's name, a matter
	Problem string `json:"problem"` // in words
	Mend    string `json:"mend"`    // the call that mends it
}

// Watched is a chain of certificates whose end is watched: of a timestamp authority, or
// of whoever vouches for identities.
type Watched struct {
	Name  string
	Chain []*x509.Certificate
}

// Watch says what the radar looks at, beside what the log says. Its zero value looks at
// the log alone.
type Watch struct {
	// Horizon is how far ahead Soon looks; 0 is 90 days. Nothing that lapses before the
	// evidence's own end is left out for lying beyond it.
	Horizon time.Duration

	// ReviewHoldsEvery is how long a hold may stand before somebody looks at it again, with
	// [Archive.ReviewHolds]; 0 is half a year.
	ReviewHoldsEvery time.Duration

	Trust        manifest.Trust // whose keys' windows are watched
	Certificates []Watched

	// Bundles looks at the certificates of timestamp authorities, and of who signed, that
	// lie in the manifests themselves, a request for each manifest; without it those that
	// [Watch.Certificates] names are looked at alone. A signer's own certificate may end
	// when a timestamp or a transparency log has seen the signature.
	Bundles bool

	// Objects looks at the lock of every object and commit, a request for each; without it
	// the log is believed.
	Objects bool

	// Reclassify has the policy look at each packet anew, for which its manifest and bytes
	// are read; without it exports are of the class that the log says.
	Reclassify bool

	// Most is how many lapses are listed, the soonest first; 0 is 1,000. The others are
	// counted.
	Most int
}

const (
	defaultHorizon = 90 * 24 * time.Hour
	defaultReview  = 182 * 24 * time.Hour
	defaultMost    = 1000
	radarJobs      = 8 // exports looked at at once
)
