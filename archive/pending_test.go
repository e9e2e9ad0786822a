package archive_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/spool"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

// outage is a bucket that answers nothing but an error while there is one. The error
// errHangs is none: it answers when its caller gives up.
type outage struct {
	worm.Driver
	err atomic.Pointer[error]
}

var errHangs = errors.New("hangs")

func (o *outage) begin(err error) { o.err.Store(&err) }
func (o *outage) end()            { o.err.Store(nil) }

func (o *outage) answer(ctx context.Context) error {
	err := o.err.Load()
	if err == nil {
		return nil
	}
	if *err == errHangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return *err
}

func (o *outage) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	if err := o.answer(ctx); err != nil {
		return worm.Ref{}, err
	}
	return o.Driver.Create(ctx, in)
}

func (o *outage) Open(ctx context.Context, ref worm.Ref) (io.ReadCloser, error) {
	if err := o.answer(ctx); err != nil {
		return nil, err
	}
	return o.Driver.Open(ctx, ref)
}

func (o *outage) State(ctx context.Context, ref worm.Ref) (worm.Object, error) {
	if err := o.answer(ctx); err != nil {
		return worm.Object{}, err
	}
	return o.Driver.State(ctx, ref)
}

func (o *outage) List(ctx context.Context, prefix string) iter.Seq2[worm.Entry, error] {
	if err := o.answer(ctx); err != nil {
		return func(yield func(worm.Entry, error) bool) { yield(worm.Entry{}, err) }
	}
	return o.Driver.List(ctx, prefix)
}

// spooling is config with a spool.
func spooling(t testing.TB) archive.Config {
	cfg := config(t)
	cfg.Spool = archive.Spool{Dir: t.TempDir()}
	return cfg
}

// decidedAt is a packet decided so many minutes after ten.
func decidedAt(t testing.TB, id string, minutes int) archive.Packet {
	return parse(t, fmt.Sprintf(`{"promotion_packet_id": %q, "promotion_decision": "promote", "promotion_decision_at_utc": %q}`,
		id, noon.Add(time.Duration(minutes-120)*time.Minute).Format(time.RFC3339))).With(exhibit("scorecard.pdf", "green "+id))
}

func wantPending(t testing.TB, err error, ids ...string) {
	t.Helper()
	var pending *archive.PendingError
	if !errors.As(err, &pending) || !errors.Is(err, archive.ErrPending) {
		t.Fatalf("not pending: %v", err)
	}
	var got []string
	for _, p := range pending.Pending {
		got = append(got, p.PromotionPacketID)
	}
	if !slices.Equal(got, ids) || !strings.Contains(err.Error(), "NOT exported") {
		t.Errorf("pending %v, want %v: %v", got, ids, err)
	}
}

func waiting(t testing.TB, a *archive.Archive) string {
	t.Helper()
	pending, err := a.Pending(t.Context())
	if err != nil {
		t.Error(err)
	}
	var ids []string
	for _, p := range pending {
		ids = append(ids, p.PromotionPacketID)
	}
	return strings.Join(ids, " ")
}

func exportedIDs(t testing.TB, a *archive.Archive) string {
	t.Helper()
	var ids []string
	for _, r := range rows(t, a) {
		ids = append(ids, r.PromotionPacketID)
	}
	return strings.Join(ids, " ")
}

// While the bucket is down exports pend, and bad packets are refused as ever; the next
// export that succeeds takes the others along, in the order of their decisions.
func TestOutageIsSatOut(t *testing.T) {
	b, cfg := &outage{Driver: memworm.New()}, spooling(t)
	a := over(t, b, cfg)
	b.begin(fmt.Errorf("%w: connection refused", worm.ErrUnavailable))
	for _, p := range []archive.Packet{decidedAt(t, "pp-3", 3), decidedAt(t, "pp-1", 1), decidedAt(t, "pp-2", 2), decidedAt(t, "pp-1", 1)} {
		receipt, err := a.Export(t.Context(), p)
		wantPending(t, err, p.Header.PromotionPacketID)
		if receipt.ExportRowID != 0 || receipt.ArchiveURI != "" {
			t.Errorf("a receipt all the same: %+v", receipt)
		}
		if !errors.Is(err, worm.ErrUnavailable) {
			t.Errorf("the cause is lost: %v", err)
		}
	}
	if _, err := a.Export(t.Context(), parse(t, doc("promotion_decision", `"maybe"`))); !errors.Is(err, archive.ErrUnknownDecision) || errors.Is(err, archive.ErrPending) {
		t.Errorf("a bad packet: %v", err)
	}
	if _, err := a.Export(t.Context(), packet(t, "pp-4").With(archive.FileExhibit("not/there"))); !errors.Is(err, archive.ErrBadExhibit) || errors.Is(err, archive.ErrPending) {
		t.Errorf("a bad exhibit: %v", err)
	}
	if got := waiting(t, a); got != "pp-1 pp-2 pp-3" {
		t.Errorf("waiting: %s", got)
	}
	if _, err := a.Flush(t.Context()); !errors.Is(err, archive.ErrPending) || waiting(t, a) != "pp-1 pp-2 pp-3" {
		t.Errorf("flush while it lasts: %v", err)
	}
	b.end()
	if _, err := a.Export(t.Context(), decidedAt(t, "pp-5", 5)); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	again := over(t, b, cfg)
	if got := exportedIDs(t, again); got != "pp-5 pp-1 pp-2 pp-3" {
		t.Errorf("exported: %s", got)
	}
	if got := waiting(t, again); got != "" {
		t.Errorf("still waiting: %s", got)
	}
	if _, err := again.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// A bucket that hangs costs the caller's time and no more, whatever there is of it.
func TestDeadlineIsKept(t *testing.T) {
	for _, deadline := range []time.Duration{time.Millisecond, time.Second, 10 * time.Second, 5 * time.Minute, 0} {
		cfg := spooling(t)
		synctest.Test(t, func(t *testing.T) {
			b := &outage{Driver: memworm.New()}
			cfg.Clock = time.Now
			a := over(t, b, cfg)
			b.begin(errHangs)
			ctx, most := t.Context(), time.Minute // the spool's patience
			if deadline > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, deadline)
				defer cancel()
				most = min(most, deadline)
			}
			began := time.Now()
			_, err := a.Export(ctx, parse(t, doc("promotion_decision_at_utc", `"1999-12-31T23:59:00Z"`)))
			wantPending(t, err, "pp-1")
			if took := time.Since(began); took > most {
				t.Errorf("with %s it took %s", deadline, took)
			}
		})
	}
}

// A caller that gives up has its evidence kept all the same.
func TestCancelledExportIsSpooled(t *testing.T) {
	b := &outage{Driver: memworm.New()}
	a := over(t, b, spooling(t))
	ctx, cancel := context.WithCancel(t.Context())
	p := packet(t, "pp-1").With(archive.Exhibit{Name: "x", Open: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("x")), nil
	}})
	b.begin(errHangs)
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err := a.Export(ctx, p)
	wantPending(t, err, "pp-1")
}

// What waiting does not mend is not hidden in the spool.
func TestTroubleIsNotSpooled(t *testing.T) {
	for name, trouble := range map[string]error{
		"cannot lock":   fmt.Errorf("%w: no retention", worm.ErrUnsupported),
		"denied":        errors.New("403 AccessDenied"),
		"another store": fmt.Errorf("%w, and %w", worm.ErrCorrupt, worm.ErrUnavailable),
	} {
		b := &outage{Driver: memworm.New()}
		a := over(t, b, spooling(t))
		b.begin(trouble)
		if _, err := a.Export(t.Context(), packet(t, "pp-1")); err == nil || errors.Is(err, archive.ErrPending) {
			t.Errorf("%s: %v", name, err)
		}
		if got := waiting(t, a); got != "" {
			t.Errorf("%s: %s was spooled", name, got)
		}
	}
	cfg := spooling(t)
	f := policy.Default().File()
	f.Roles.Export = []string{"platform"}
	var err error
	if cfg.Policy, err = policy.New(f); err != nil {
		t.Fatal(err)
	}
	b := &outage{Driver: memworm.New()}
	b.begin(worm.ErrUnavailable)
	a := over(t, b, cfg)
	if _, err := a.Export(t.Context(), packet(t, "pp-1")); !errors.Is(err, policy.ErrNotAllowed) || waiting(t, a) != "" {
		t.Errorf("not allowed: %v", err)
	}
}

// Each kind of outage is one.
func TestOutagesAreSpooled(t *testing.T) {
	for name, trouble := range map[string]error{
		"unknown":  fmt.Errorf("%w: reply lost", worm.ErrOutcomeUnknown),
		"deadline": context.DeadlineExceeded,
		"network":  &os.SyscallError{Syscall: "connect", Err: syscall.ECONNREFUSED},
		"busy":     fmt.Errorf("%w: 503 SlowDown", worm.ErrUnavailable),
		"stale":    &os.PathError{Op: "open", Path: "/mnt/evidence", Err: syscall.ESTALE},
	} {
		b := &outage{Driver: memworm.New()}
		a := over(t, b, spooling(t))
		b.begin(trouble)
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		if _, err := a.Export(ctx, packet(t, "pp-1")); !errors.Is(err, archive.ErrPending) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Any fault at any write, with a spool: exported or pending, and after a flush it is
// there once.
func TestFaultsWithSpool(t *testing.T) {
	for _, fault := range wormtest.Faults() {
		for n := 1; n <= 4; n++ {
			b, cfg := memworm.New(), spooling(t)
			a := over(t, &wormtest.Faulty{Driver: b, Plan: func(op wormtest.Op) wormtest.Fault {
				if op.N >= n && op.N < n+6 {
					return fault
				}
				return wormtest.None
			}}, cfg)
			ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
			_, err := a.Export(ctx, packet(t, "pp-1").With(exhibit("scorecard.pdf", "green")))
			cancel()
			if err != nil && !errors.Is(err, archive.ErrPending) && fault != wormtest.RefuseBefore {
				t.Errorf("%s at write %d: %v", fault, n, err)
			}
			again := over(t, b, cfg)
			if _, err := again.Flush(t.Context()); err != nil {
				t.Errorf("%s at write %d: flush: %v", fault, n, err)
			}
			if err := a.Close(); err != nil {
				t.Errorf("%s at write %d: close: %v", fault, n, err)
			}
			if _, err := again.Export(t.Context(), packet(t, "pp-1").With(exhibit("scorecard.pdf", "green"))); err != nil {
				t.Errorf("%s at write %d: again: %v", fault, n, err)
			}
			if got := exportedIDs(t, again); got != "pp-1" || waiting(t, again) != "" {
				t.Errorf("%s at write %d: exported %q", fault, n, got)
			}
		}
	}
}

// Samples of every form come out of the spool as they went in.
func TestSamplesThroughTheSpool(t *testing.T) {
	packets := append(sampleRegister(t), readFolders(t)...)
	packets = append(packets, packet(t, "../pp 7").With(exhibit("Über §1 50%.pdf", "x"), exhibit("..x", "y")), packet(t, "pp-old").Reconstructed("release-ops/erika", "mail and tickets"))
	straight := over(t, memworm.New(), config(t))
	want, err := straight.ExportBatch(t.Context(), packets)
	if err != nil {
		t.Fatal(err)
	}
	b := &outage{Driver: memworm.New()}
	a := over(t, b, spooling(t))
	b.begin(worm.ErrUnavailable)
	if _, err := a.ExportBatch(t.Context(), packets); !errors.Is(err, archive.ErrPending) {
		t.Fatal(err)
	}
	b.end()
	receipts, err := a.Flush(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(receipts, func(a, b archive.Receipt) int { return a.PromotionDecisionAtUTC.Compare(b.PromotionDecisionAtUTC) }) {
		t.Error("not in the order of the decisions")
	}
	got := map[string]exportlog.Row{}
	for _, r := range receipts {
		got[r.IdempotencyKey] = r.Row
	}
	for _, w := range want {
		if g := got[w.IdempotencyKey]; g.PacketSHA256 != w.PacketSHA256 || g.ReconstructedBy != w.ReconstructedBy || g.ReconstructedFrom != w.ReconstructedFrom || g.ExportOperatorAck != w.ExportOperatorAck {
			t.Errorf("packet %q is %+v", w.PromotionPacketID, g)
		}
	}
	if _, err := a.Verify(t.Context()); err != nil || len(got) != len(want) {
		t.Errorf("%d rows of %d, %v", len(got), len(want), err)
	}
}

// A spool that is full is an error that says so, and no pending.
func TestFullSpool(t *testing.T) {
	cfg := spooling(t)
	cfg.Spool.MaxEntries = 2
	b := &outage{Driver: memworm.New()}
	a := over(t, b, cfg)
	b.begin(worm.ErrUnavailable)
	_, err := a.ExportBatch(t.Context(), []archive.Packet{decidedAt(t, "pp-1", 1), decidedAt(t, "pp-2", 2), decidedAt(t, "pp-3", 3)})
	if !errors.Is(err, spool.ErrFull) || errors.Is(err, archive.ErrPending) || !errors.Is(err, worm.ErrUnavailable) {
		t.Errorf("%v", err)
	}
	if got := waiting(t, a); got != "pp-1 pp-2" {
		t.Errorf("waiting: %s", got)
	}
}

// What cannot be exported stays, is named, and keeps nothing else from being exported.
func TestOneBadEntryHoldsUpNobody(t *testing.T) {
	cfg := spooling(t)
	b := &outage{Driver: memworm.New()}
	a := over(t, b, cfg)
	b.begin(worm.ErrUnavailable)
	held := parse(t, doc("promotion_packet_id", `"pp-held"`, "promotion_decision", `"hold"`))
	_, err := a.ExportBatch(t.Context(), []archive.Packet{decidedAt(t, "pp-1", 1), held, decidedAt(t, "pp-2", 2), decidedAt(t, "pp-3", 3)})
	wantPending(t, err, "pp-1", "pp-held", "pp-2", "pp-3")
	pending, _ := a.Pending(t.Context())
	at := slices.IndexFunc(pending, func(p archive.Pending) bool { return p.PromotionPacketID == "pp-2" })
	if err := os.WriteFile(filepath.Join(cfg.Spool.Dir, "entries", pending[at].Entry, "exhibits", "scorecard.pdf"), []byte("gr33n pp-2"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.end()
	cfg.Policy = nil // does not export holds any more
	later := over(t, b, cfg)
	receipts, err := later.Flush(t.Context())
	if !errors.Is(err, archive.ErrRefused) || !errors.Is(err, spool.ErrDamaged) || !strings.Contains(err.Error(), "pp-held") || !strings.Contains(err.Error(), "scorecard.pdf") || errors.Is(err, archive.ErrPending) {
		t.Errorf("%v", err)
	}
	if got := exportedIDs(t, later); got != "pp-1 pp-3" || len(receipts) != 2 {
		t.Errorf("exported: %s", got)
	}
	if got := waiting(t, later); got != "pp-held pp-2" {
		t.Errorf("waiting: %s", got)
	}
}

// refusing refuses for good to store the exhibits of one packet.
type refusing struct{ worm.Driver }

func (r refusing) Create(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	if strings.HasPrefix(in.Key, "packets/pp-2/") {
		return worm.Ref{}, errors.New("403 this key is not for you")
	}
	return r.Driver.Create(ctx, in)
}

// So does one that the bucket refuses.
func TestOneRefusedPacketHoldsUpNobody(t *testing.T) {
	cfg := spooling(t)
	b := &outage{Driver: refusing{memworm.New()}}
	a := over(t, b, cfg)
	b.begin(worm.ErrUnavailable)
	_, err := a.ExportBatch(t.Context(), []archive.Packet{decidedAt(t, "pp-1", 1), decidedAt(t, "pp-2", 2), decidedAt(t, "pp-3", 3)})
	wantPending(t, err, "pp-1", "pp-2", "pp-3")
	b.end()
	if _, err := a.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("%v", err)
	}
	if got := exportedIDs(t, a); got != "pp-1 pp-3" || waiting(t, a) != "pp-2" {
		t.Errorf("exported: %s", got)
	}
}

// Where there is no key packets wait, and whoever has it exports them in the name of
// who wanted it.
func TestSpoolWithoutKey(t *testing.T) {
	b, cfg := memworm.New(), spooling(t)
	without := cfg
	without.Signer, without.Operator = nil, "platform/build-host"
	for n, operator := range []string{"platform/a", "platform/b", "platform/a"} {
		without.Operator = operator
		_, err := over(t, b, without).Export(t.Context(), decidedAt(t, fmt.Sprintf("pp-%d", n), n))
		wantPending(t, err, fmt.Sprintf("pp-%d", n))
	}
	if _, err := over(t, b, without).Flush(t.Context()); !errors.Is(err, archive.ErrReadOnly) {
		t.Errorf("flush without a key: %v", err)
	}
	a := over(t, b, cfg)
	receipts, err := a.Flush(t.Context())
	if err != nil || len(receipts) != 3 {
		t.Fatalf("%d, %v", len(receipts), err)
	}
	batches := map[string]string{}
	for _, r := range receipts {
		batches[r.ExportBatchID] += r.ExportOperatorAck + " "
	}
	if len(batches) != 2 || !slices.Contains([]string{"platform/a platform/a "}, batches[receipts[0].ExportBatchID]) {
		t.Errorf("%v", batches)
	}
	if _, err := a.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// Packets are not exported to a bucket that they were not for.
func TestSpoolOfAnotherBucket(t *testing.T) {
	cfg := spooling(t)
	one := cfg
	one.Signer = nil
	_, err := inDirectory(t, t.TempDir(), one).Export(t.Context(), packet(t, "pp-1"))
	wantPending(t, err, "pp-1")
	a := inDirectory(t, t.TempDir(), cfg)
	if _, err := a.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), "flush it there") || waiting(t, a) != "pp-1" {
		t.Errorf("%v", err)
	}
}

// What is late says so, where nobody can take it out again.
func TestLateIsShownAsLate(t *testing.T) {
	cfg, b := spooling(t), memworm.New()
	f := everything().File()
	f.MaximumDelay = map[retention.Class]policy.Span{}
	for _, c := range retention.Classes() {
		f.MaximumDelay[c] = policy.Span(time.Hour)
	}
	var err error
	if cfg.Policy, err = policy.New(f); err != nil {
		t.Fatal(err)
	}
	a := over(t, b, cfg)
	for minutes, late := range map[int]bool{30: true, 60: false, 90: false} {
		r, err := a.Export(t.Context(), decidedAt(t, fmt.Sprint("pp-", minutes), minutes))
		if err != nil {
			t.Fatal(err)
		}
		c, err := a.Confirm(t.Context(), r.Row)
		if err != nil {
			t.Fatal(err)
		}
		said := slices.ContainsFunc(c.Evidence.Packet.Retention.Reasons, func(s string) bool { return strings.HasPrefix(s, "LATE: exported more than 1 hour") })
		if said != late {
			t.Errorf("%d minutes after ten: %v", minutes, c.Evidence.Packet.Retention.Reasons)
		}
	}
}
