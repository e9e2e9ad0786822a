package exportlog

import "time"

// ahead is the block of another writer that ours comes after: marks are written in
// order, for each says that all before it is derived.
type ahead struct {
	end    int64 // its last row; 0 when we wait for none
	passes int   // that found it without a mark
}

// aheadPause is how long the background waits before it looks again for the mark of a
// block ahead, and patientPasses how often it looks. Then the writer of the next block
// derives the one ahead too, for its own writer may be dead, and all others leave it to
// a later pass.
const (
	aheadPause    = 100 * time.Millisecond
	patientPasses = 20
)

func (a ahead) awaited() bool { return a.passes > 0 && a.passes <= patientPasses }

// await notes which block ahead of ours a pass has found without a mark; 0 for none.
func (d *deriver) await(end int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case end == 0:
		d.ahead = ahead{}
	case end != d.ahead.end:
		d.ahead = ahead{end, 1}
	default:
		d.ahead.passes++
	}
}

// takesOver reports whether a block is ours to derive because its writer leaves it.
func (d *deriver) takesOver(end int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ahead.end == end && d.ahead.passes >= patientPasses && d.own[end+tileWidth]
}

// ownsBeyond reports whether a block behind another one is complete, and ours to derive.
func (d *deriver) ownsBeyond(end, head int64) bool {
	for end += tileWidth; end <= head; end += tileWidth {
		if d.own[end] {
			return true
		}
	}
	return false
}
