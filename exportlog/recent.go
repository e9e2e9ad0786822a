package exportlog

// maxRecent bounds the rows that are kept whole in memory: those that were
// written or read last, which the background writer and rivals ask for next.
const maxRecent = 4096

// recent is the newest rows, without gaps.
type recent struct{ rows []Row }

// add takes the next rows.
func (c *recent) add(rows []Row) {
	if len(rows) == 0 || len(c.rows) > 0 && rows[0].ExportRowID != c.rows[len(c.rows)-1].ExportRowID+1 {
		c.rows = nil
	}
	c.rows = append(c.rows, rows...)
	if len(c.rows) > 2*maxRecent {
		c.rows = append([]Row(nil), c.rows[len(c.rows)-maxRecent:]...)
	}
}

// between returns the rows from first to last, if it has all of them.
func (c *recent) between(first, last int64) ([]Row, bool) {
	if len(c.rows) == 0 || first < c.rows[0].ExportRowID || last > c.rows[len(c.rows)-1].ExportRowID || last < first {
		return nil, false
	}
	at := first - c.rows[0].ExportRowID
	return c.rows[at : at+last-first+1], true
}
