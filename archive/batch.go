package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// item is one packet on its way through an export.
type item struct {
	packet         Packet
	sha256         worm.Digest
	exhibits       []measured
	folder         string // in the bucket
	idempotencyKey string

	decision decision        // filled in by decide
	signed   manifest.Packet // what the manifest will say; storeObjects fills in where things lie
}

func newItem(p Packet, folder string, exhibits []measured) *item {
	it := &item{packet: p, sha256: p.SHA256(), exhibits: exhibits, folder: folder}
	it.signed = manifest.Packet{
		PromotionPacketID:      p.Header.PromotionPacketID,
		PromotionDecision:      p.Header.PromotionDecision,
		PromotionDecisionAtUTC: p.Header.PromotionDecisionAtUTC,
		Document:               manifest.Object{Name: p.name, SHA256: it.sha256.String(), Size: int64(len(p.document))},
		Reconstructed:          p.reconstructed,
	}
	for _, e := range exhibits {
		it.signed.Exhibits = append(it.signed.Exhibits, manifest.Object{Name: e.Name, SHA256: e.sha256.String(), Size: e.size})
	}
	it.idempotencyKey = idempotencyKey(it.signed)
	return it
}

// idempotencyKey is the same for the same packet with the same exhibits, whoever
// exports it, when, and to where.
func idempotencyKey(p manifest.Packet) string {
	return "export:" + hexSum(contents(p))
}

func idempotencyKeys(items []*item) []string {
	keys := make([]string, len(items))
	for i, it := range items {
		keys[i] = it.idempotencyKey
	}
	return keys
}

// logKeys are what the log knows the packets by.
func logKeys(items []*item) []exportlog.Key {
	keys := make([]exportlog.Key, len(items))
	for i, it := range items {
		keys[i] = it.logKey()
	}
	return keys
}

func (it *item) logKey() exportlog.Key {
	return exportlog.Key{PromotionPacketID: it.packet.Header.PromotionPacketID, IdempotencyKey: it.idempotencyKey}
}

// batch is what one manifest covers.
type batch struct {
	id       string
	items    []*item
	operator string
	at       time.Time // of the export
}

// batches groups the packets that are not logged yet, each once, in as few manifests
// as can name them and their exhibits: each packet goes to the first that has room.
func batches(items []*item, logged map[exportlog.Key]exportlog.Row) []batch {
	var all []batch
	var room []int // that each has left, in subjects
	seen := map[string]bool{}
	for _, it := range items {
		if _, done := logged[it.logKey()]; done || seen[it.idempotencyKey] {
			continue
		}
		seen[it.idempotencyKey] = true
		n := 1 + len(it.exhibits)
		first := slices.IndexFunc(room, func(left int) bool { return left >= n })
		if first < 0 {
			first, all, room = len(all), append(all, batch{}), append(room, manifest.MaxSubjects)
		}
		all[first].items = append(all[first].items, it)
		room[first] -= n
	}
	for i := range all {
		all[i].id = batchID(all[i].items)
	}
	return all
}

// batchID is the same for the same packets, so that an export cut off before its
// row finds what it has already stored. It starts with the day of the first
// decision, for people.
func batchID(items []*item) string {
	first := items[0].packet.Header.PromotionDecisionAtUTC
	for _, it := range items[1:] {
		if at := it.packet.Header.PromotionDecisionAtUTC; at.Before(first) {
			first = at
		}
	}
	keys := slices.Sorted(slices.Values(idempotencyKeys(items)))
	return fmt.Sprintf("eb-%s-%s", first.Format("20060102"), hexSum(strings.Join(keys, "\n"))[:16])
}

// decide classifies a batch's packets as of now.
func (a *Archive) decide(b *batch) error {
	b.at = a.clock().UTC().Truncate(time.Millisecond)
	for _, it := range b.items {
		var err error
		if it.decision, err = a.decideOne(it.packet, b.at); err != nil {
			return err
		}
	}
	return nil
}

// decision says how a packet is kept, and why.
type decision struct {
	policy.Explanation
	lock    retention.Lock // what the bucket will enforce
	reasons []string
}

func (a *Archive) decideOne(p Packet, at time.Time) (decision, error) {
	e, err := a.policy.Explain(p.Facts(), at)
	if err != nil {
		return decision{}, p.problem("retention_class", err)
	}
	d := decision{Explanation: e, lock: e.Lock(), reasons: e.Reasons()}
	if allowed := time.Duration(e.MaximumDelay); allowed > 0 && at.Sub(p.Header.PromotionDecisionAtUTC) > allowed {
		d.reasons = append(d.reasons, fmt.Sprintf("LATE: exported more than %s after the decision, which is what the policy allows", e.MaximumDelay.Words()))
	}
	if kept := a.lockable(d.lock); kept != d.lock {
		d.reasons = append(d.reasons, fmt.Sprintf("UNSAFE: the bucket cannot keep %s", d.lock))
		d.lock = kept
	}
	return d, nil
}

// lock is the strongest of the batch's packets: what explains them is kept as
// long as they are.
func (b batch) lock() retention.Lock {
	var lock retention.Lock
	for _, it := range b.items {
		lock = retention.Stronger(lock, it.decision.lock)
	}
	return lock
}

func hexSum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
