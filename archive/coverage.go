package archive

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// CoverageInput is what really happened, as somebody else than the log knows it: a
// register of decisions, a deploy tool, a pager.
type CoverageInput struct {
	// Decisions are those that were taken, in any order. One that is given twice counts
	// once. [ReadDecisionsCSV] and [ReadDecisionsJSONL] read files.
	Decisions iter.Seq2[Decision, error]
	// Incidents are incidents and rollbacks, in any order; nil for none.
	// [ReadIncidentsJSONL] reads them from a file.
	Incidents iter.Seq2[Incident, error]

	// From and To bound what is judged: decisions taken, and incidents begun, at From or
	// later and before To; export rows by their promotion_decision_at_utc. Zero is
	// unbounded. Give decisions for all of the window: an export row in it that has none
	// is an orphan. Rows outside are no orphans, and cover what they cover.
	From, To time.Time

	// TempDir is where temporary files go: about a kilobyte for each row of the log and
	// 200 bytes for each decision. Empty is a directory such as /var/tmp. A few thousand
	// records need none. They are gone when Coverage returns, whatever it returns.
	TempDir string
}

// CoverageOutput takes what is found: every finding, packets first and in the order of
// their ids, then incidents; and the summary in the end. An error from it ends the
// comparison. [CoverageReport] keeps everything, [CoverageJSON], [CoverageCSV] and
// [CoverageMarkdown] write it.
type CoverageOutput interface {
	Finding(CoverageFinding) error
	Summary(CoverageSummary) error
}

// Coverage compares the decisions that were taken with the exports in the log, under
// the archive's policy, and incidents with the links. It needs neither signer nor
// verifier, and opens no packet: that what the log says is there is [Archive.Verify]'s
// to check. Nil for out only counts.
//
// An export row covers a decision if it has its promotion_packet_id, promotion_decision
// and promotion_decision_at_utc, the same to the nanosecond, as last corrected. When
// there are several, the first that is neither early nor a reconstruction counts: a
// re-export makes nothing late. An export is complete at its exported_at_utc or its
// recorded_at_utc, whichever is later; it is late when the policy's maximum delay for
// the row's retention class, and the clock skew, have passed by then since the decision,
// and is then said to be late by all that is beyond the maximum delay. It is early when
// its exported_at_utc is before the decision by more than the clock skew. Only what is
// mandatory can be missing or late; what is optional may be exported or not, whenever.
//
// A mandatory decision whose maximum delay, and clock skew, have not passed yet is due
// and not missing. Without a retention_class that is the longest of the policy's.
//
// Bad input ends Coverage with an error before anything is found. On a damaged log what
// can be read is compared and summed up, and the error, which matches
// [exportlog.ErrDamaged], says what could not: a decision may then be found missing
// because its row is. After any other error the findings are not complete.
//
// Memory is bounded, however many decisions, rows and incidents there are: they are
// sorted in temporary files and merged.
func (a *Archive) Coverage(ctx context.Context, in CoverageInput, out CoverageOutput) (summary CoverageSummary, err error) {
	ctx, op := a.watch.begin(ctx, "compare coverage")
	defer func() { a.watch.covered(ctx, op, summary, err) }()
	c := newComparison(ctx, a, in, out)
	defer c.close()
	if err := c.run(ctx, in); err != nil {
		return c.summary, fmt.Errorf("archive: coverage: %w", err)
	}
	return c.summary, nil
}

// comparison is one run of Coverage.
type comparison struct {
	log      *exportlog.Log
	policy   *policy.Policy
	now      time.Time
	from, to time.Time
	tempDir  string
	out      CoverageOutput
	summary  CoverageSummary
	damage   error // of the log

	standings *sorter[standing] // decisions and exports
	mentions  *sorter[mention]  // incidents and links
}

func newComparison(ctx context.Context, a *Archive, in CoverageInput, out CoverageOutput) *comparison {
	if out == nil {
		out = countOnly{}
	}
	now := a.clock().UTC()
	return &comparison{
		log: a.log, policy: a.policy, now: now, from: in.From, to: in.To, tempDir: in.TempDir, out: out,
		summary: CoverageSummary{
			ComparedAtUTC: now, FromUTC: in.From.UTC(), ToUTC: in.To.UTC(), PolicySHA256: a.policy.SHA256(),
			Findings: map[CoverageKind]int64{},
		},
		standings: newSorter(ctx, in.TempDir, jsonCodec(standing.compare)),
		mentions:  newSorter(ctx, in.TempDir, jsonCodec(mention.compare)),
	}
}

func (c *comparison) close() {
	c.standings.close()
	c.mentions.close()
}

// run reads everything, then compares.
func (c *comparison) run(ctx context.Context, in CoverageInput) error {
	if !c.to.IsZero() && !c.from.Before(c.to) {
		return fmt.Errorf("the window is empty: From %s is not before To %s", c.from.Format(time.RFC3339), c.to.Format(time.RFC3339))
	}
	if in.Decisions == nil {
		return errors.New("CoverageInput.Decisions is nil: without decisions there is nothing to compare the log with")
	}
	if err := c.readDecisions(in.Decisions); err != nil {
		return err
	}
	if err := c.readIncidents(in.Incidents); err != nil {
		return err
	}
	if err := c.readLog(ctx); err != nil {
		return err
	}
	if err := c.comparePackets(); err != nil {
		return err
	}
	if err := c.compareIncidents(); err != nil {
		return err
	}
	if err := c.out.Summary(c.summary); err != nil {
		return err
	}
	return c.damage
}

// inWindow reports whether something that happened at a time is judged.
func (c *comparison) inWindow(at time.Time) bool {
	return !at.Before(c.from) && (c.to.IsZero() || at.Before(c.to))
}

func (c *comparison) find(f CoverageFinding, problem string, args ...any) error {
	f.Problem = fmt.Sprintf(problem, args...)
	c.summary.Findings[f.Kind]++
	return c.out.Finding(f)
}

// countOnly is the output for who wants but the summary.
type countOnly struct{}

func (countOnly) Finding(CoverageFinding) error { return nil }
func (countOnly) Summary(CoverageSummary) error { return nil }
