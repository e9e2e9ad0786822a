package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Report is what Verify checked.
type Report struct {
	Log        exportlog.Report
	Exports    int      // rows of kind export, each confirmed
	Objects    int      // read whole
	Bytes      int64    // of packets and exhibits
	Superseded []string // manifests of exports that another process logged first; kept, and no damage
	Findings   []exportlog.Finding

	// Next is the row with which a sweep that ended early goes on; 0 when it came to
	// its end. What was found from that row on will be found again.
	Next int64
}

// Verify checks everything in the bucket: the log as [exportlog.Log.Verify]
// does, held to the log anchor of every signed manifest; every export as
// [Archive.VerifyRows] does; and that nothing lies among the packets and manifests
// that no export row accounts for, and nothing hidden behind them. What no row
// accounts for is either what an export left that
// was cut off before its row, in which case exporting the packet again completes
// it, or the trace of a row that was removed.
//
// What is wrong is in the report and in a [NotConfirmedError]. Any other error
// means that Verify could not find out; the report then has what was checked so far, and
// Report.Next the row from which [Archive.VerifyRows] can go on with the exports.
func (a *Archive) Verify(ctx context.Context, how ...VerifyOption) (Report, error) {
	return a.verify(ctx, nil, how)
}

// verify holds the log to what others remember of it, too.
func (a *Archive) verify(ctx context.Context, kept []exportlog.Anchor, how []VerifyOption) (_ Report, err error) {
	ctx, op := a.watch.begin(ctx, "verify archive")
	defer func() { a.watch.end(ctx, op, err) }()
	v := verification{kept: kept, sweep: a.newSweep(Range{}), named: map[string]bool{}, logged: map[string]bool{}, unread: map[string]bool{}, excused: map[string]bool{}}
	v.sweep.account = v.account
	for _, option := range how {
		option(&v)
	}
	v.sweep.Progress = func(exports int, of int64) {
		v.tell.tell(Progress{Stage: StageExports, Done: int64(exports), Of: of})
	}
	if a.verifier == nil {
		return Report{}, fmt.Errorf("archive: verify: %w", manifest.ErrNoTrustedKeys)
	}
	for _, step := range []func(context.Context) error{v.manifests, v.log, v.sweep.run, v.unaccounted, v.hidden} {
		if err := step(ctx); err != nil {
			return v.Report, fmt.Errorf("archive: verify: %w", err)
		}
	}
	return v.Report, v.verdict("verify")
}

// verdict is the error that a report comes to.
func (r Report) verdict(what string) error {
	if len(r.Findings) == 0 {
		return nil
	}
	return fmt.Errorf("archive: %s: %w", what, &NotConfirmedError{Findings: r.Findings})
}

type verification struct {
	*sweep
	kept    []exportlog.Anchor // that somebody has of the log
	signed  []signedManifest
	named   map[string]bool // keys that export rows account for
	logged  map[string]bool // idempotency keys of export rows
	unread  map[string]bool // manifests that do not verify; a finding unless a row's Confirm says so
	excused map[string]bool // folders of packets whose manifest does not verify: what belongs there is not known
	tell    *teller
}

type signedManifest struct {
	key       string
	predicate manifest.Predicate
}

func (v *verification) find(kind exportlog.FindingKind, object, format string, args ...any) {
	v.Findings = append(v.Findings, exportlog.Finding{Kind: kind, Object: object, Problem: fmt.Sprintf(format, args...)})
}

// manifests reads every manifest there is, with or without a row.
func (v *verification) manifests(ctx context.Context) error {
	read := int64(0)
	for e, err := range v.archive.store.List(ctx, manifests) {
		if err != nil {
			return err
		}
		v.tell.tell(Progress{Stage: StageManifests, Done: read})
		read++
		bundle, err := v.archive.store.Read(ctx, e.Ref, manifest.MaxBundleBytes)
		if err == nil {
			var verified manifest.Verified
			if verified, err = v.archive.verifier.Verify(bundle); err == nil {
				v.signed = append(v.signed, signedManifest{e.Ref.Key, verified.Statement.Predicate})
				continue
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		v.unread[e.Ref.Key] = true
	}
	return nil
}

// log verifies the log against every manifest's anchor.
func (v *verification) log(ctx context.Context) (err error) {
	anchors := slices.Clone(v.kept)
	for _, m := range v.signed {
		head, err := headOf(m.predicate.Log)
		if err != nil {
			v.find(BadManifest, m.key, "its log anchor: %v", err)
			continue
		}
		anchors = append(anchors, exportlog.Anchor{Head: head, Source: m.key})
	}
	v.Report.Log, err = v.archive.log.Verify(ctx, exportlog.Scope{Anchors: anchors, Progress: func(commits, of int64) {
		v.tell.tell(Progress{Stage: StageLog, Done: commits, Of: of})
	}})
	v.Findings = append(v.Findings, v.Report.Log.Findings...)
	if errors.Is(err, exportlog.ErrDamaged) {
		return nil
	}
	return err
}

func headOf(anchor manifest.LogAnchor) (exportlog.Head, error) {
	root, err := worm.ParseDigest(anchor.RootSHA256)
	last, lastErr := worm.ParseDigest(anchor.LastRowSHA256)
	return exportlog.Head{Size: anchor.Size, Root: root, LastRow: last}, errors.Join(err, lastErr)
}

// account notes what an export accounts for.
func (v *verification) account(c *confirmer) {
	v.named[rowManifest(c.row)] = true
	if c.Evidence.archive == nil {
		if id, err := worm.EscapeSegment(c.row.PromotionPacketID); err == nil {
			v.excused[packetFolder(id, c.row.PacketSHA256)] = true
		}
		return
	}
	for _, o := range c.Evidence.Packet.Objects() {
		v.named[o.Subject] = true
	}
	v.logged[c.row.IdempotencyKey] = true
}

// rowManifest is the key of the manifest a row names, whether or not it is there.
func rowManifest(row exportlog.Row) string {
	digest := strings.TrimPrefix(row.ContentIntegrityReference, "sha256:")
	return manifestFolder(row.ExportBatchID) + digest + ".sigstore.json"
}

// unaccounted names what no export row accounts for.
func (v *verification) unaccounted(ctx context.Context) error {
	for key := range v.unread {
		if !v.named[key] {
			v.find(BadManifest, key, "no export row accounts for it, and it is not a manifest signed by a trusted key")
		}
	}
	for _, m := range v.signed {
		if v.named[m.key] {
			continue
		}
		if unlogged := v.unlogged(m.predicate); len(unlogged) > 0 {
			v.find(Unaccounted, m.key, "no export row accounts for it, nor for packets %s that it was signed over: export them again if that export was cut off; if not, rows were removed",
				strings.Join(unlogged, ", "))
			continue
		}
		v.Superseded = append(v.Superseded, m.key)
	}
	for e, err := range v.archive.store.List(ctx, packets) {
		if err != nil {
			return err
		}
		if key := e.Ref.Key; !v.named[key] && !v.excused[folderOf(key)] {
			v.find(Unaccounted, key, "no export row accounts for it: export the packet again if that export was cut off; if not, its row was removed")
		}
	}
	return nil
}

// folderOf returns the packet folder a key lies in.
func folderOf(key string) string {
	parts := strings.SplitN(key, "/", 4)
	return strings.Join(parts[:len(parts)-1], "/") + "/"
}

// hidden names versions of evidence that something lies over. Evidence is only
// ever created, so somebody has put it there.
func (v *verification) hidden(ctx context.Context) error {
	for _, prefix := range []string{packets, manifests} {
		for e, err := range v.archive.store.ListHidden(ctx, prefix) {
			if err != nil {
				return err
			}
			v.Findings = append(v.Findings, exportlog.Finding{Kind: exportlog.Hidden, Object: e.Ref.Key, Version: e.Ref.Version,
				Problem: fmt.Sprintf("version %s is hidden by a delete marker or a newer version", e.Ref.Version)})
		}
	}
	return nil
}

// unlogged returns the packets of a manifest that no export row has.
func (v *verification) unlogged(p manifest.Predicate) []string {
	var ids []string
	for _, packet := range p.Packets {
		if !v.logged[idempotencyKey(packet)] {
			ids = append(ids, fmt.Sprintf("%q", packet.PromotionPacketID))
		}
	}
	return ids
}
