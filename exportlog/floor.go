package exportlog

import (
	"maps"
	"sync"
)

// floor is where reading started, and what was looked up of the rows below. It has a lock
// of its own, which is held for moments only: a thousand callers who ask for this do not
// wait until a commit of a thousand rows is taken in.
type floor struct {
	mu      sync.Mutex
	opened  bool // the log was read up to its end once
	base    mark
	lookups map[string]below // by promotion_packet_id, as of base
}

// maxLookups bounds the packets whose rows below the base are remembered.
const maxLookups = 4096

func (f *floor) isOpen() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened
}

func (f *floor) open() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opened = true
}

// start is the mark that reading started from.
func (f *floor) start() mark {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.base
}

// move goes to another mark. The caller holds the lock of the log, which is about to
// cover the rows from there on.
func (f *floor) move(to mark) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.base, f.lookups = to, map[string]below{}
}

// known returns what is remembered of the packets of some rows, and those that nothing
// is known of. Below the start of a log there is nothing to know.
func (f *floor) known(rows []Row) (m mark, k known, unknown []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m = f.base
	if m.below() == 0 {
		return m, known{}, nil
	}
	k = known{base: m.below(), packets: map[string]below{}, holds: holds{}}
	for i := range rows {
		packet := rows[i].PromotionPacketID
		if _, ok := k.packets[packet]; ok {
			continue
		}
		b, ok := f.lookups[packet]
		k.packets[packet] = b
		if !ok {
			unknown = append(unknown, packet)
		}
	}
	return m, k, unknown
}

// remember keeps what was looked up below a mark, if that is still where we start.
func (f *floor) remember(m mark, found map[string]below) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.base != m {
		return
	}
	if len(f.lookups) > maxLookups {
		f.lookups = map[string]below{}
	}
	maps.Copy(f.lookups, found)
}
