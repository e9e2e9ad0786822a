package archive

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// Explain says what would happen to a packet that is exported now: whether its
// decision is to be exported, its retention class and the rules that gave it, until
// when it would be locked and how firmly, and by what policy. Nothing is written.
func (a *Archive) Explain(p Packet) (policy.Explanation, error) {
	e, err := a.policy.Explain(p.Facts(), a.clock())
	if err != nil {
		return e, fmt.Errorf("archive: explain: %w", p.problem("retention_class", err))
	}
	return e, nil
}

// maxTextBytes bounds what people say in a row.
const maxTextBytes = 1000

// checkText refuses what people say in a row if it is nothing, or too much.
func checkText(field, text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return fmt.Errorf("%w: %s is empty", ErrMissing, field)
	case len(text) > maxTextBytes:
		return fmt.Errorf("%w: %s takes %d bytes, the limit is %d", ErrTooLarge, field, len(text), maxTextBytes)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("%w: %s %.80q is not UTF-8 without control characters", ErrMalformed, field, text)
	}
	return nil
}

// Facts are what the policy's rules look at, for [policy.Policy.Explain] and
// [policy.Compare]. They share memory with the packet.
func (p Packet) Facts() policy.Facts {
	h := p.Header
	return policy.Facts{
		PromotionPacketID:        h.PromotionPacketID,
		PromotionType:            h.PromotionType,
		PromotionDecision:        h.PromotionDecision,
		PromotionDecisionAtUTC:   h.PromotionDecisionAtUTC,
		ScorecardSnapshotID:      h.ScorecardSnapshotID,
		ClosureReliabilityState:  h.ClosureReliabilityState,
		ConsecutiveYellowWindows: h.ConsecutiveYellowWindows,
		PlaybookRowIDs:           h.PlaybookRowIDs,
		CorrectivePacketIDs:      h.CorrectivePacketIDs,
		ExecutiveExceptionID:     h.ExecutiveExceptionID,
		Jurisdictions:            h.Jurisdictions,
		AtLeast:                  h.RetentionClass,
		Fields:                   p.fields,
	}
}

// admit refuses a packet that is not final, or that the policy does not export.
func admit(p *policy.Policy, packet Packet, now time.Time) error {
	h, refuse := packet.Header, packet.problem
	if h.PromotionPacketID == "" {
		return refuse("promotion_packet_id", ErrMissing)
	}
	if h.PromotionDecision == "" {
		return refuse("promotion_decision", fmt.Errorf("%w: no decision has been taken", ErrNotFinal))
	}
	requirement, known := p.Requirement(h.PromotionDecision)
	if !known {
		return refuse("promotion_decision", fmt.Errorf("%w: %.80q; list it under the policy's decisions", ErrUnknownDecision, h.PromotionDecision))
	}
	if requirement == policy.None {
		return refuse("promotion_decision", fmt.Errorf("%w: %q is not exported; the policy's decisions may make it optional", ErrRefused, h.PromotionDecision))
	}
	if h.PromotionDecisionAtUTC.IsZero() {
		return refuse("promotion_decision_at_utc", fmt.Errorf("%w: it says nothing of when the decision was taken", ErrNotFinal))
	}
	if limit := now.Add(p.ClockSkew()); h.PromotionDecisionAtUTC.After(limit) {
		return refuse("promotion_decision_at_utc", fmt.Errorf("%w: %s is in the future: the clock here says %s, and %s of skew are allowed",
			ErrNotFinal, h.PromotionDecisionAtUTC.Format(time.RFC3339), now.UTC().Format(time.RFC3339), p.ClockSkew()))
	}
	if r := packet.reconstructed; r != nil {
		if err := errors.Join(checkText("reconstructed_by", r.By), checkText("reconstructed_from", r.From)); err != nil {
			return refuse("", err)
		}
	}
	if h.RetentionClass != "" {
		if _, err := retention.ParseClass(string(h.RetentionClass)); err != nil {
			return refuse("retention_class", fmt.Errorf("%w: %w", ErrMalformed, err))
		}
	}
	return nil
}
