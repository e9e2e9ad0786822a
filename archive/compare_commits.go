package archive

import (
	"bytes"
	"context"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// commitEnds is where the listing of commits has come to.
type commitEnds struct {
	lost  []string // commits in a row that the primary has not
	ahead []string // … that the replica has not
}

// commit takes the next commit of either. A run of commits that one side lacks ends with
// one that it has, and those in between were taken out.
func (c *comparing) commit(ctx context.Context, key string, primary, replica bool) error {
	if primary {
		if err := c.lostCommits(ctx, exportlog.Missing, "taken out of the primary's log"); err != nil {
			return err
		}
	}
	if !replica {
		return nil
	}
	for _, ahead := range c.ends.ahead {
		c.find(exportlog.Finding{Kind: CopyMissing, Object: ahead, Problem: "the replica has later commits and not this one: it was taken out of the replica's log"})
	}
	c.ends.ahead = nil
	if !primary {
		c.ends.lost = append(c.ends.lost, key)
	}
	return nil
}

// endOfCommits names what one side lacks at the end.
func (c *comparing) endOfCommits(ctx context.Context) error {
	c.Waiting, c.ends.ahead = append(c.Waiting, c.ends.ahead...), nil
	return c.lostCommits(ctx, exportlog.Truncated, "cut off the end of the primary's log")
}

// lostCommits names the rows of commits that the primary has lost, one finding a run.
func (c *comparing) lostCommits(ctx context.Context, kind exportlog.FindingKind, how string) error {
	lost := c.ends.lost
	c.ends.lost = nil
	if len(lost) == 0 {
		return nil
	}
	first, _, err := c.rowsOf(ctx, lost[0])
	if err != nil {
		return err
	}
	_, last, err := c.rowsOf(ctx, lost[len(lost)-1])
	if err != nil {
		return err
	}
	c.find(exportlog.Finding{Kind: kind, Object: lost[0], ExportRowID: first,
		Problem: fmt.Sprintf("%s: %s, in commits up to %s; the replica has all of it", how, rowRange(first, last), lost[len(lost)-1])})
	return nil
}

// rowRange names rows: row 3, rows 3 to 5.
func rowRange(first, last int64) string {
	if first == last {
		return fmt.Sprintf("row %d", first)
	}
	return fmt.Sprintf("rows %d to %d", first, last)
}

// rowsOf returns the first and the last row of a commit on the replica; 0 for one that
// cannot be read, which its own log says.
func (c *comparing) rowsOf(ctx context.Context, key string) (first, last int64, err error) {
	body, err := c.replica.to.store.Read(ctx, worm.Ref{Key: key}, exportlog.MaxCommitBytes)
	if err != nil {
		return 0, 0, c.unreadable(key, "the replica", err)
	}
	var row struct {
		ExportRowID int64 `json:"export_row_id"`
	}
	for _, line := range bytes.SplitAfter(body, []byte("\n")) {
		if len(line) == 0 || json.Unmarshal(line, &row) != nil {
			continue
		}
		if first == 0 {
			first = row.ExportRowID
		}
		last = row.ExportRowID
	}
	return first, last, nil
}
