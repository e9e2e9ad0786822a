package linkage

import (
	"errors"
	"fmt"
	"strings"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/exportlog/telemetry"
)

// What a caller decides on. Test with errors.Is; [AmbiguousError] and
// [NotLocatedError] carry the candidates.
var (
	// ErrNotLocated: no export row matches.
	ErrNotLocated = errors.New("no such export")
	// ErrAmbiguous: several export rows match, and which one was meant is not
	// for us to guess.
	ErrAmbiguous = errors.New("more than one export matches")
	// ErrNotAcknowledged: nobody entitled to has put their name to the link.
	ErrNotAcknowledged = errors.New("not acknowledged")
	// ErrBadDivergence: the divergence does not say enough, or too much.
	ErrBadDivergence = errors.New("bad divergence")
)

// AmbiguousError lists the export rows that match. Name the one meant by its
// export_row_id. It matches [ErrAmbiguous].
type AmbiguousError struct {
	Candidates []exportlog.Row
}

func (e *AmbiguousError) Error() string {
	texts := make([]string, len(e.Candidates))
	for i, r := range e.Candidates {
		texts[i] = fmt.Sprintf("row %d (%.80q, exported %s)", r.ExportRowID, r.PromotionPacketID, r.ExportedAtUTC.Format("2006-01-02T15:04:05Z"))
	}
	return fmt.Sprintf("%v: %s; give the export_row_id", ErrAmbiguous, strings.Join(texts, ", "))
}

// Is matches ErrAmbiguous.
func (e *AmbiguousError) Is(target error) bool { return target == ErrAmbiguous }

// Linker binds and locates in one archive. It is safe for concurrent use.
type Linker struct {
	archive *archive.Archive
	log     *exportlog.Log

	resolver Resolver // may be nil
	watch    *telemetry.Watch
}

// New returns the linker of an archive.
//
// What it does is reported where the archive's [archive.Config] says: each method is a
// span and a duration. See "Watching it" in package archive.
func New(a *archive.Archive) *Linker {
	return &Linker{archive: a, log: a.Log(), watch: telemetry.New(a.Telemetry(), errorTypes()...)}
}

// WithResolver returns a linker that can also bind by what a deploy tool knows.
func (l *Linker) WithResolver(r Resolver) *Linker {
	with := *l
	with.resolver = r
	return &with
}

// DrillPrefix begins the ids of rehearsals. Bind refuses them, so that no rehearsal is
// ever taken for an incident.
const DrillPrefix = "DRILL-"

func isDrill(id string) bool { return strings.HasPrefix(id, DrillPrefix) }
