package exportlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	gax "github.com/googleapis/gax-go/v2"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// inbox is how writers that contend for commits share them. Each puts what it
// would append into the folder of one commit number; whoever's name comes first
// in the folder writes that commit with everybody's rows, and the others read it.
// A proposal is for one commit only: once that is there, it is in it or void.
type inbox struct {
	rounds int // to share before racing again; only the queue's writer touches it
	wins   int // commits written in a row since we last lost one
}

// shareRounds is how many commits in a row are shared with nobody before a
// writer races again.
const shareRounds = 4

// meet notes that others are about.
func (b *inbox) meet() { b.rounds, b.wins = shareRounds, 0 }

func (b *inbox) contended() bool { return b.rounds > 0 }

// lookEvery is how many commits are won in a row before a look at the inbox: who
// always wins would not notice that others always lose.
const lookEvery = 4

// recentCommits is how old a proposal may be to mean that others are about: those
// who lose are always a little behind.
const recentCommits = 16

// name is this writer's among the proposals for a commit. It changes from commit
// to commit, so that no writer leads for ever.
func (l *Log) proposalKey(n int64) string {
	return inboxFolder(n) + worm.Sum(fmt.Appendf(nil, "%s %d", l.nonce, n)).String()[:32] + ".jsonl"
}

// compete writes a draft by itself, and looks from time to time whether others
// are trying in vain.
func (l *Log) compete(ctx context.Context, d draft) error {
	if l.inbox.wins++; l.inbox.wins%lookEvery != 0 {
		return l.write(ctx, d)
	}
	looked := make(chan bool, 1)
	go func() {
		for e, err := range l.store.List(ctx, inboxPrefix) {
			n, ok := inboxCommit(e.Ref.Key)
			looked <- err == nil && ok && n >= d.number-recentCommits
			return
		}
		looked <- false
	}()
	err := l.write(ctx, d)
	if <-looked {
		l.inbox.meet()
	}
	return err
}

// share proposes what a draft would append, and returns nil when its commit is
// there or may be: the caller catches up and sees whose rows are in it.
func (l *Log) share(ctx context.Context, d draft) error {
	started := time.Now()
	var body []byte
	for _, row := range d.fresh {
		row.ExportRowID, row.PrevRowSHA256, row.PrevRootSHA256 = 0, worm.Digest{}, worm.Digest{}
		line, err := encode(row)
		if err != nil {
			return err
		}
		body = append(body, line...)
	}
	spec := worm.Spec{Size: int64(len(body)), SHA256: worm.Sum(body), ContentType: "application/jsonl"}
	if _, err := l.store.Put(ctx, l.proposalKey(d.number), bytes.NewReader(body), spec); err != nil {
		// Whether or not it is there, the draft stands: race with it.
		return l.write(ctx, d)
	}
	roundTrip := time.Since(started)

	read := make(chan error, 1)
	go func() { read <- l.readOn(ctx, 2) }() // too late for this commit, we shall be in time for the next
	names := l.proposals(ctx, d.number)
	if err := <-read; err == nil && l.commits() >= d.number {
		l.inbox.meet()
		return nil
	}
	if l.inbox.rounds--; len(names) > 1 {
		l.inbox.meet()
	}
	if rank := rankOf(l.proposalKey(d.number), names); rank > 0 && l.await(ctx, d.number, roundTrip, rank) {
		return nil
	}
	return l.lead(ctx, d, names)
}

// proposals returns the keys of what is proposed for a commit, as far as they can be
// listed: a listing is not needed to write, only to be polite.
func (l *Log) proposals(ctx context.Context, n int64) (names []string) {
	for e, err := range l.store.List(ctx, inboxFolder(n)) {
		if err != nil || len(names) == maxProposals {
			break
		}
		names = append(names, e.Ref.Key)
	}
	return names
}

// maxProposals bounds the proposals that go into one commit.
const maxProposals = 1000

func rankOf(own string, names []string) int {
	for i, name := range names {
		if name == own {
			return i
		}
	}
	return 0
}

// await polls for a commit that another writer leads, and reports whether it
// came. A leader that is late may be dead: the next in rank then leads, and two
// leaders are no harm.
func (l *Log) await(ctx context.Context, n int64, roundTrip time.Duration, rank int) bool {
	pause := min(max(roundTrip/4, time.Millisecond), 250*time.Millisecond)
	until := time.Now().Add(time.Duration(7+rank) * max(roundTrip, 10*time.Millisecond))
	if gax.Sleep(ctx, roundTrip*3/2) != nil { // the leader reads, and then writes
		return false
	}
	for time.Now().Before(until) {
		s, err := readCommit(ctx, l.store, n)
		if err == nil && !s.absent {
			l.learn(n, s)
			return true
		}
		if gax.Sleep(ctx, pause) != nil {
			return false
		}
	}
	return false
}

// lead writes the commit with everybody's rows in it, ours first.
func (l *Log) lead(ctx context.Context, d draft, names []string) error {
	guests, err := inParallel(ctx, names, func(ctx context.Context, name string) (*request, error) {
		if name == l.proposalKey(d.number) {
			return nil, nil
		}
		return l.readProposal(ctx, name), nil
	})
	if err != nil {
		return err
	}
	rows, size := len(d.fresh), len(d.body)
	for _, r := range guests {
		if r == nil || rows+len(r.rows) > MaxCommitRows || size+r.bytes > MaxCommitBytes {
			continue
		}
		rows, size = rows+len(r.rows), size+r.bytes
		d.group = append(d.group, r)
	}
	all, err := l.draftKnowing(ctx, d.group)
	if err != nil {
		return err
	}
	if all.number != d.number {
		return nil // somebody was faster, and we have read it meanwhile
	}
	err = l.write(ctx, all)
	if err == nil {
		l.wrote(ctx, all)
	}
	return err
}

// readProposal returns another writer's proposal, or nil if it is none that we
// understand in full: its own writer will see to it.
func (l *Log) readProposal(ctx context.Context, key string) *request {
	body, err := l.store.Read(ctx, worm.Ref{Key: key}, MaxCommitBytes)
	if err != nil {
		return nil
	}
	lines, err := stored{body: body}.lines()
	if err != nil {
		return nil
	}
	r := &request{guest: true}
	for _, line := range lines {
		var row Row
		if err := json.Unmarshal(line, &row, json.RejectUnknownMembers(true)); err != nil || row.SchemaVersion != SchemaVersion || row.Nonce == "" {
			return nil
		}
		if row.moves() {
			return nil // whether it may, depends on what we have not looked up
		}
		r.rows = append(r.rows, row)
	}
	if err := r.check(); err != nil || errors.Is(err, ErrBadRow) {
		return nil
	}
	return r
}
