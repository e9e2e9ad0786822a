package exportlog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/holdfast-archive/holdfast/retention"
)

// Promise is what the log says that the objects of an export are kept under. It only
// grows, but for holds: no correction takes anything from it.
type Promise struct {
	Lock  retention.Lock // the strictest mode and the latest date of the export and all its extensions; LegalHold if there are Holds
	Holds []Row          // in force, one a matter; the export's own row where its class brought one
}

// Held reports whether it is under legal hold, for whatever matter.
func (p Promise) Held() bool { return len(p.Holds) > 0 }

// HeldFor reports whether it is under legal hold for a matter; the empty matter is
// that of the hold which its class brought with it.
func (p Promise) HeldFor(matterID string) bool {
	return slices.ContainsFunc(p.Holds, func(h Row) bool { return h.MatterID == matterID })
}

// promiseOf adds up what an export and the rows about it, in order, promise.
func promiseOf(export Row, about []Row) Promise {
	p := Promise{Lock: retention.Lock{Mode: export.RetentionMode, Until: export.RetainUntilUTC}}
	if export.LegalHold {
		p.Holds = []Row{export}
	}
	for _, r := range about {
		switch r.Kind {
		case KindHold:
			if !p.HeldFor(r.MatterID) {
				p.Holds = append(p.Holds, r)
			}
		case KindRelease:
			p.Holds = slices.DeleteFunc(p.Holds, func(h Row) bool { return h.MatterID == r.MatterID })
		case KindExtend:
			p.Lock = retention.Stronger(p.Lock, retention.Lock{Mode: r.RetentionMode, Until: r.RetainUntilUTC})
		}
	}
	p.Lock.LegalHold = p.Held()
	return p
}

// PromiseOf reads what is promised of an export: one search for the rows about it. On a
// damaged log it is what can be read, with a [DamagedError].
func (l *Log) PromiseOf(ctx context.Context, export Row) (Promise, error) {
	if export.Kind != KindExport {
		return Promise{}, fmt.Errorf("exportlog: promise: row %d is not an export", export.ExportRowID)
	}
	about, err := l.Find(ctx, Query{SubjectExportRowID: export.ExportRowID})
	if err != nil && !errors.Is(err, ErrDamaged) {
		return Promise{}, err
	}
	return promiseOf(export, about), err
}
