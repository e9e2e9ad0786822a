package archive

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Admission says what a policy does with packets of one promotion_decision.
type Admission string

// The admissions.
const (
	Accept Admission = "accept" // export it
	Refuse Admission = "refuse" // it is an error to export it
)

// Policy says which packets are exported and how long they are kept. Parts that
// are zero are those of [DefaultPolicy].
type Policy struct {
	// Decisions says what is done with each promotion_decision. One that is not
	// listed is an error: what to do with it is never guessed.
	Decisions map[string]Admission `json:"decisions"`

	// ClockSkew is how far in the future a promotion_decision_at_utc may lie,
	// for clocks that disagree. Negative allows none.
	ClockSkew time.Duration `json:"clock_skew"`

	// Matrix decides the retention class and its terms.
	Matrix retention.Matrix `json:"matrix"`
}

// DefaultPolicy exports promotes, refuses holds and cancelled promotions,
// allows two minutes of clock skew, and keeps evidence as
// [retention.DefaultMatrix] says.
func DefaultPolicy() Policy {
	return Policy{
		Decisions: map[string]Admission{"promote": Accept, "hold": Refuse, "cancelled": Refuse},
		ClockSkew: 2 * time.Minute,
		Matrix:    retention.DefaultMatrix(),
	}
}

// Validate refuses an admission that is neither accept nor refuse, and an
// invalid matrix.
func (p Policy) Validate() error {
	for decision, a := range p.Decisions {
		if a != Accept && a != Refuse {
			return fmt.Errorf("archive: policy: decision %q: admission %q; use accept or refuse", decision, a)
		}
	}
	return p.Matrix.Validate()
}

// SHA256 returns the digest of the policy's JSON, which each manifest records as
// policy_sha256.
func (p Policy) SHA256() (worm.Digest, error) {
	b, err := json.Marshal(p, json.Deterministic(true), json.WithMarshalers(json.MarshalFunc(
		func(d time.Duration) ([]byte, error) { return json.Marshal(d.String()) })))
	return worm.Sum(b), err
}

func (p Policy) withDefaults() Policy {
	d := DefaultPolicy()
	if p.Decisions == nil {
		p.Decisions = d.Decisions
	}
	if p.ClockSkew == 0 {
		p.ClockSkew = d.ClockSkew
	}
	if empty := (retention.Terms{}); p.Matrix.Standard == empty && p.Matrix.Extended == empty && p.Matrix.Regulated == empty {
		regulated := p.Matrix.RegulatedJurisdictions
		p.Matrix = d.Matrix
		p.Matrix.RegulatedJurisdictions = regulated
	}
	return p
}

// admit refuses a packet that is not final, or that the policy does not export.
func (p Policy) admit(packet Packet, now time.Time) error {
	h, refuse := packet.Header, packet.problem
	if h.PromotionPacketID == "" {
		return refuse("promotion_packet_id", ErrMissing)
	}
	if h.PromotionDecision == "" {
		return refuse("promotion_decision", fmt.Errorf("%w: no decision has been taken", ErrNotFinal))
	}
	switch p.Decisions[h.PromotionDecision] {
	case Accept:
	case Refuse:
		return refuse("promotion_decision", fmt.Errorf("%w: %q is not exported; set Policy.Decisions to change that", ErrRefused, h.PromotionDecision))
	default:
		return refuse("promotion_decision", fmt.Errorf("%w: %.80q; the policy knows %s", ErrUnknownDecision, h.PromotionDecision,
			strings.Join(slices.Sorted(maps.Keys(p.Decisions)), ", ")))
	}
	if h.PromotionDecisionAtUTC.IsZero() {
		return refuse("promotion_decision_at_utc", fmt.Errorf("%w: it says nothing of when the decision was taken", ErrNotFinal))
	}
	if limit := now.Add(max(p.ClockSkew, 0)); h.PromotionDecisionAtUTC.After(limit) {
		return refuse("promotion_decision_at_utc", fmt.Errorf("%w: %s is in the future: the clock here says %s, and %s of skew are allowed",
			ErrNotFinal, h.PromotionDecisionAtUTC.Format(time.RFC3339), now.UTC().Format(time.RFC3339), max(p.ClockSkew, 0)))
	}
	if h.RetentionClass != "" {
		if _, err := retention.ParseClass(string(h.RetentionClass)); err != nil {
			return refuse("retention_class", fmt.Errorf("%w: %w", ErrMalformed, err))
		}
	}
	return nil
}
