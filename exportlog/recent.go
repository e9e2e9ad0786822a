package exportlog

import (
	"slices"
	"sort"
)

// maxRecent bounds the rows that are kept whole in memory, but for one commit and those
// that wait for their index entries: what was written or read last, which the background
// writer and rivals ask for next.
const maxRecent = 8192

// recent is the newest commits' rows, without gaps.
type recent struct {
	commits [][]Row
	rows    int
}

// add takes the next rows, which nobody changes any more, and drops the oldest
// commits beyond what is to be kept.
func (c *recent) add(rows []Row, keep int) {
	if len(rows) == 0 {
		return
	}
	if n := len(c.commits); n > 0 && rows[0].ExportRowID != lastOf(c.commits[n-1])+1 {
		*c = recent{}
	}
	if lastOf(rows)-rows[0].ExportRowID+1 != int64(len(rows)) {
		*c = recent{} // some could not be read
		return
	}
	c.commits, c.rows = append(c.commits, rows), c.rows+len(rows)
	drop := 0
	for c.rows > keep && drop < len(c.commits)-1 {
		c.rows -= len(c.commits[drop])
		drop++
	}
	clear(c.commits[:drop])
	c.commits = c.commits[drop:]
}

func lastOf(rows []Row) int64 { return rows[len(rows)-1].ExportRowID }

// between returns the rows from first to last, if it has all of them.
func (c *recent) between(first, last int64) ([]Row, bool) {
	if len(c.commits) == 0 || first < c.commits[0][0].ExportRowID || last > lastOf(c.commits[len(c.commits)-1]) || last < first {
		return nil, false
	}
	at := sort.Search(len(c.commits), func(i int) bool { return lastOf(c.commits[i]) >= first })
	var rows []Row
	for _, commit := range c.commits[at:] {
		start := commit[0].ExportRowID
		if start > last {
			break
		}
		part := commit[max(first-start, 0):min(last-start+1, int64(len(commit)))]
		if rows == nil {
			rows = slices.Clip(part) // most often it is all
		} else {
			rows = append(rows, part...)
		}
	}
	return rows, true
}
