package archive

import "github.com/holdfast-archive/holdfast/exportlog"

// The kinds of finding about evidence, beside those about the log: an object that is
// missing, edited, hidden or unlocked is of the log's kinds.
const (
	BadManifest  exportlog.FindingKind = "bad manifest"   // absent, changed, or not signed by anybody who is trusted
	RowDiffers   exportlog.FindingKind = "row differs"    // the row says other things than the manifest that was signed
	KeyNotInUse  exportlog.FindingKind = "key not in use" // the log took the row when its manifest's key was not, or not any more, in use
	SignedLater  exportlog.FindingKind = "signed later"   // a timestamp authority saw the manifest signed after its row was recorded
	WeakLock     exportlog.FindingKind = "weak lock"      // an object is locked for shorter, or less firmly, than was promised; Extension.Objects mends it
	NotHeld      exportlog.FindingKind = "not held"       // an object is under no legal hold, and the log says it is
	Unaccounted  exportlog.FindingKind = "unaccounted"    // no export row accounts for it
	LogRewritten exportlog.FindingKind = "log rewritten"  // the log is not the one that a manifest was signed over
)
