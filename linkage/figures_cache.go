package linkage

import (
	"sync"

	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// lane is where a promotion belongs.
type lane struct{ lane, cycle string }

// maxLanes bounds what a LaneCache keeps.
const maxLanes = 1 << 20

// LaneCache remembers the lane and the release cycle of packets, of which neither can
// change: they are kept by the row that names the signed manifest. It keeps a million, and
// then starts anew. It is safe for concurrent use.
type LaneCache struct {
	mu    sync.Mutex
	lanes map[worm.Digest]lane
}

// NewLaneCache returns an empty cache.
func NewLaneCache() *LaneCache { return &LaneCache{lanes: map[worm.Digest]lane{}} }

func (c *LaneCache) get(row exportlog.Row) (lane, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	in, ok := c.lanes[row.SHA256()]
	return in, ok
}

func (c *LaneCache) put(row exportlog.Row, in lane) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.lanes) >= maxLanes {
		clear(c.lanes)
	}
	c.lanes[row.SHA256()] = in
}
