package archive

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// What an export is taken to come to, beside the packet and its exhibits. The manifest and
// the rows are not there yet when it is estimated.
const (
	manifestBytes  = 3 << 10 // of a manifest, and objectBytes for each object in it
	objectBytes    = 512     // …
	rowBytes       = 1 << 10 // a line of the log
	rowCopies      = 5       // … which lies in its commit, two index entries, a block and an entry bundle
	indexWrites    = 2       // … of which two are written at once
	lookups        = 2       // of the end of the log, before the objects are stored and before the manifest names it
	listings       = 1       // for a manifest that was left behind
	partBytes      = 8 << 20 // large exhibits are stored in parts
	daysPerMonth   = 365.25 / 12
	bytesPerGiB    = 1 << 30
	perThousand    = 1000
	storedPerBatch = 1 // its manifest, apart from the objects of packets
)

// Estimate is what an export of a packet would do, and cost, before anything is locked.
type Estimate struct {
	policy.Explanation
	Undo     string   `json:"undo"`    // who can still remove it, and until when, in words
	Objects  int      `json:"objects"` // the packet, its exhibits, the manifest and the commit
	Bytes    int64    `json:"bytes"`   // of these, and of what is derived from the row; of the manifest and the row about
	Writes   int      `json:"writes"`  // requests that create or list
	Reads    int      `json:"reads"`   // requests that look
	Costs    []Cost   `json:"costs"`
	Total    float64  `json:"total"` // of the costs, in Currency
	Currency string   `json:"currency"`
	PricesOf string   `json:"prices_of"`         // the day of the price table, and its source
	Caveats  []string `json:"caveats,omitempty"` // what the estimate does not know
}

// Cost is one line of an estimate.
type Cost struct {
	What     string  `json:"what"`     // such as "storage, cool, 18.0 months"
	Quantity float64 `json:"quantity"` // of Unit
	Unit     string  `json:"unit"`     // "thousand requests", "GiB months" or "thousand objects"
	Price    float64 `json:"price"`    // of one Unit
	Amount   float64 `json:"amount"`
}

// Estimate says what an export of a packet would come to, and writes nothing: its size and
// class, until when it would be locked and whether that can be undone, how many requests
// it takes in a process that has the log open, those among them that read locks back where
// the bucket's answer to a write does not tell, and what it costs to keep over the whole
// period, going by a price table and the storage tiers of the policy. Exhibits are read,
// to be measured. A packet that cannot be exported is the same [PacketError] as for
// [Archive.Export]; a tier that the table has no price for is [ErrBadPrices].
//
// Numbers are counted from now. They leave out the request by which Azure makes a lock
// compliance, of each object, traffic, taxes, minimum sizes and times
// that tiers may have, a replica, and what later holds, links and checks come to.
func (a *Archive) Estimate(ctx context.Context, p Packet, prices Prices) (Estimate, error) {
	e, err := a.estimate(ctx, p, prices)
	if err != nil {
		return Estimate{}, fmt.Errorf("archive: estimate: %w", err)
	}
	return e, nil
}

func (a *Archive) estimate(ctx context.Context, p Packet, prices Prices) (Estimate, error) {
	if err := prices.check(); err != nil {
		return Estimate{}, err
	}
	it, err := a.prepareOne(ctx, p)
	if err != nil {
		return Estimate{}, err
	}
	now := a.clock().UTC()
	d, err := a.decideOne(p, now)
	if err != nil {
		return Estimate{}, err
	}
	e := Estimate{Explanation: d.Explanation, Undo: a.undo(d), Currency: prices.Currency, PricesOf: prices.AsOf + ", " + prices.Source}
	e.measure(it, a.store.Capabilities().TellsLocks)
	e.request("requests that write", e.Writes, prices.WritesPerThousand)
	e.request("requests that read", e.Reads, prices.ReadsPerThousand)
	if err := e.keep(now, a.policy.File().Classes[d.RetentionClass].StorageTiers, prices); err != nil {
		return Estimate{}, err
	}
	if d.lock.LegalHold {
		e.Caveats = append(e.Caveats, "it is put under legal hold, and kept beyond the period until that is released")
	}
	return e, nil
}

// measure adds up objects, bytes and requests. A bucket that does not tell locks when it
// takes an object is asked for each but the commit's.
func (e *Estimate) measure(it *item, tellsLocks bool) {
	e.Objects, e.Bytes = 1+storedPerBatch+1, int64(len(it.packet.document))+manifestBytes+objectBytes+rowCopies*rowBytes
	e.Writes, e.Reads = e.Objects+indexWrites+listings, lookups
	for _, x := range it.exhibits {
		e.Objects++
		e.Bytes += x.size + objectBytes
		e.Writes += writesOf(x.size)
	}
	if !tellsLocks {
		e.Reads += e.Objects - 1
	}
}

// writesOf is how many requests an object takes to store.
func writesOf(size int64) int {
	if size <= partBytes {
		return 1
	}
	return int((size+partBytes-1)/partBytes) + 2 // begin and complete
}

func (e *Estimate) cost(c Cost) {
	c.Amount = c.Quantity * c.Price
	e.Costs = append(e.Costs, c)
	e.Total += c.Amount
}

func (e *Estimate) request(what string, n int, price float64) {
	e.cost(Cost{What: what, Quantity: float64(n) / perThousand, Unit: "thousand requests", Price: price})
}

// keep adds up storage over the period, tier by tier.
func (e *Estimate) keep(now time.Time, tiers []policy.Tier, prices Prices) error {
	end := e.Period.From(now)
	at, tier := now, tierHot
	for _, next := range append(tiers, policy.Tier{}) {
		until := end
		if next.Tier != "" {
			until = next.After.From(now)
		}
		if err := e.store(tier, at, minTime(until, end), prices); err != nil {
			return err
		}
		if next.Tier == "" || !until.Before(end) {
			break
		}
		at, tier = until, next.Tier
		if price, ok := prices.MovesPerThousand[tier]; ok {
			e.cost(Cost{What: "moves to " + tier, Quantity: float64(e.Objects) / perThousand, Unit: "thousand objects", Price: price})
		} else {
			e.Caveats = append(e.Caveats, fmt.Sprintf("the price table does not say what a move to %s costs", tier))
		}
	}
	return nil
}

func (e *Estimate) store(tier string, from, until time.Time, prices Prices) error {
	price, ok := prices.StoragePerGiBMonth[tier]
	if !ok {
		return fmt.Errorf("%w: storage_per_gib_month has no price for %q, which the policy's storage_tiers of %s name", ErrBadPrices, tier, e.RetentionClass)
	}
	months := max(until.Sub(from).Hours()/24/daysPerMonth, 0)
	e.cost(Cost{What: fmt.Sprintf("storage, %s, %.1f months", tier, months), Quantity: float64(e.Bytes) / bytesPerGiB * months, Unit: "GiB months", Price: price})
	return nil
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// undo says who can remove what is exported.
func (a *Archive) undo(d decision) string {
	until := d.lock.Until.Format(time.RFC3339)
	var says string
	switch {
	case d.lock.Until.IsZero():
		says = "it is under no lock: whoever may delete from the bucket can remove it at any time"
	case a.store.Capabilities().Retention == worm.Recorded:
		says = fmt.Sprintf("this bucket records the lock until %s and does not enforce it: whoever can write to its files can remove it", until)
	case d.lock.Mode == retention.Compliance:
		says = fmt.Sprintf("it cannot be undone: nobody can remove it before %s, not the owner of the account either", until)
	default:
		says = fmt.Sprintf("before %s it can be removed only by somebody with the store's permission to bypass governance", until)
	}
	if d.lock.LegalHold {
		says += "; and not while the legal hold is set"
	}
	if d.lock != d.Lock() {
		says += "; UNSAFE: the policy asks for " + d.Lock().String() + ", which the bucket cannot keep"
	}
	return says
}

// String returns the estimate in a few lines of text.
func (e Estimate) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, for %s: %s\n", e.RetentionClass, e.Period.Words(), strings.Join(e.Reasons(), "; "))
	fmt.Fprintf(&b, "%s\n", e.Undo)
	fmt.Fprintf(&b, "%d objects, %d bytes; %d requests that write, %d that read\n", e.Objects, e.Bytes, e.Writes, e.Reads)
	for _, c := range e.Costs {
		fmt.Fprintf(&b, "  %-32s %10s %s at %s: %s %s\n", c.What, plain(c.Quantity), c.Unit, plain(c.Price), plain(c.Amount), e.Currency)
	}
	fmt.Fprintf(&b, "about %s %s in all, by prices of %s\n", plain(e.Total), e.Currency, e.PricesOf)
	for _, c := range e.Caveats {
		fmt.Fprintf(&b, "note: %s\n", c)
	}
	return b.String()
}

// plain writes a number with three digits that count, and without an exponent.
func plain(x float64) string {
	if x >= 100 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 3, 64), 64)
	if err != nil {
		rounded = x
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
