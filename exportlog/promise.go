package exportlog

import (
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

// PromiseOf adds up what an export and the rows about it, in the order of the log,
// promise: those that [Log.Find] returns for its number as SubjectExportRowID.
func PromiseOf(export Row, about []Row) Promise {
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
