package archive

import (
	"errors"
	"fmt"
)

// ErrPartial: some of the exports selected were changed and others were not.
var ErrPartial = errors.New("not all of it was done")

// ChangeReport says what became of each export that a change of holds or retention
// selected.
type ChangeReport struct {
	Changed []int64         // their rows' numbers: every object was changed, and a row says so
	Already []int64         // were so before; nothing was done
	Failed  []ChangeFailure // are not, or not wholly
	Commits int             // of the log, whose locks were lengthened with those of the evidence
}

// Selected is how many exports the report is about.
func (r ChangeReport) Selected() int { return len(r.Changed) + len(r.Already) + len(r.Failed) }

// ChangeFailure is an export that could not be changed.
type ChangeFailure struct {
	ExportRowID       int64
	PromotionPacketID string
	Done, NotDone     []string // keys of its objects; both empty if none was tried
	Err               error
}

func (f ChangeFailure) String() string {
	return fmt.Sprintf("row %d (%.80q): %d of %d objects done: %v", f.ExportRowID, f.PromotionPacketID, len(f.Done), len(f.Done)+len(f.NotDone), f.Err)
}

// PartialError carries the report of a change that was not done wholly. Make the same
// call again to go on: what is done is skipped. It matches [ErrPartial].
type PartialError struct{ Report ChangeReport }

func (e *PartialError) Error() string {
	return fmt.Sprintf("%v: %d of %d exports are done; the first that is not is %s; call again to go on",
		ErrPartial, len(e.Report.Changed)+len(e.Report.Already), e.Report.Selected(), e.Report.Failed[0])
}

// Is matches ErrPartial.
func (e *PartialError) Is(target error) bool { return target == ErrPartial }

// Unwrap returns why each export was not changed.
func (e *PartialError) Unwrap() []error {
	errs := make([]error, len(e.Report.Failed))
	for i, f := range e.Report.Failed {
		errs[i] = f.Err
	}
	return errs
}
