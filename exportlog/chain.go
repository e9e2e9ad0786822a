package exportlog

import (
	"fmt"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// chain walks commits in order and holds each row to the one before. It goes on
// after damage, so that everything wrong is found in one walk and the rows that
// are intact can still be read.
type chain struct {
	rows     int64       // the export_row_id of the last row
	last     worm.Digest // of its line
	cut      bool        // the line before is not known: nothing to hold the next one to
	tree     tree        // of the rows before any damage
	missing  []span      // rows passed over so far
	findings []Finding
}

// span is the rows from first to last.
type span struct{ first, last int64 }

func newChain() chain { return chain{last: worm.Sum(nil), tree: newTree()} }

// chainAt starts in the middle of a log, behind the rows of a tree.
func chainAt(t tree) chain { return chain{rows: t.size, cut: t.size > 0, last: worm.Sum(nil), tree: t} }

func (c *chain) damaged() bool { return len(c.findings) > 0 }

// fold takes the next commit and returns the rows it can read. It calls after,
// if there is one, after each line.
func (c *chain) fold(n int64, s stored, after func()) []Row {
	lines, err := s.lines()
	if err != nil {
		kind := Edited
		if s.absent {
			kind = Missing
		}
		c.find(kind, n, 0, "the commit that follows row %d cannot be read: %v", c.rows, err)
		c.cut = true
		return nil
	}
	var rows []Row
	for i, line := range lines {
		if row, ok := c.link(n, line, i == 0); ok {
			rows = append(rows, row)
		}
		if after != nil {
			after()
		}
	}
	return rows
}

// link takes the next line, of commit n.
func (c *chain) link(n int64, line []byte, first bool) (Row, bool) {
	want := c.rows + 1
	row, err := decode(line)
	if err != nil {
		c.find(Edited, n, want, "%v", err)
		c.step(want, line)
		return Row{}, false
	}
	if row.ExportRowID != want && !(c.cut && row.ExportRowID > want) {
		c.find(c.misplaced(row.ExportRowID), n, row.ExportRowID, "stands where row %d belongs", want)
	}
	if !c.cut && row.PrevRowSHA256 != c.last {
		c.find(Edited, n, max(row.ExportRowID-1, 1), "row %d records that the line before it has sha256 %s, it has %s: one of the two was changed",
			row.ExportRowID, row.PrevRowSHA256, c.last)
	}
	if first && !c.damaged() && row.PrevRootSHA256 != c.tree.root() {
		c.find(Edited, n, row.ExportRowID, "the row records %s as the root over all rows before it, it is %s", row.PrevRootSHA256, c.tree.root())
	}
	c.step(row.ExportRowID, line)
	return row, true
}

// misplaced says what a row that is not the next one is a sign of.
func (c *chain) misplaced(id int64) FindingKind {
	if id > c.rows {
		c.missing = append(c.missing, span{c.rows + 1, id - 1})
		return Missing
	}
	for _, s := range c.missing {
		if s.first <= id && id <= s.last {
			return Reordered
		}
	}
	return Inserted
}

func (c *chain) step(id int64, line []byte) {
	c.rows, c.last, c.cut = id, worm.Sum(line), false
	if !c.damaged() { // the tree of a damaged log compares with nothing
		c.tree.add(line)
	}
}

func (c *chain) find(kind FindingKind, n, row int64, format string, args ...any) {
	c.findings = append(c.findings, Finding{Kind: kind, Object: commitKey(n), ExportRowID: row, Problem: fmt.Sprintf(format, args...)})
}

// head returns what the rows so far come to. The root of a damaged log is zero.
func (c *chain) head() Head {
	h := Head{Size: c.rows, LastRow: c.last}
	if !c.damaged() {
		h.Root = c.tree.root()
	}
	return h
}
