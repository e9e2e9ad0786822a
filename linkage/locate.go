package linkage

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// Located is an export and what has been bound to it.
type Located struct {
	Export exportlog.Row
	Links  []exportlog.Row // oldest first
	Damage error           // what is wrong elsewhere in the log, if anything; Export and Links were read nevertheless
}

// Locate finds the one export row that a query leads to: directly, or through
// link rows that carry the rollback_event_id or incident_ticket_id asked for.
// None is a [NotLocatedError]; several are an [AmbiguousError]. [Linker.Prove] goes on
// from there.
func (l *Linker) Locate(ctx context.Context, q exportlog.Query) (located Located, err error) {
	ctx, op := l.watch.Start(ctx, "locate export", asked(q))
	defer op.End(&err)
	if located, err = l.locate(ctx, q); err != nil {
		return Located{}, fmt.Errorf("linkage: locate: %w", err)
	}
	return located, nil
}

func (l *Linker) locate(ctx context.Context, q exportlog.Query) (Located, error) {
	exports, damage, err := l.exports(ctx, q)
	if err != nil {
		return Located{}, err
	}
	export, err := only(exports)
	if err != nil {
		return Located{}, err
	}
	links, _, err := l.find(ctx, exportlog.Query{SubjectExportRowID: export.ExportRowID})
	if err != nil {
		return Located{}, err
	}
	return Located{Export: export, Links: ofKind(links, exportlog.KindLink), Damage: damage}, nil
}

// Resolve returns the export rows that a clue may mean, by the linker's [Resolver].
// None is a [NotLocatedError].
func (l *Linker) Resolve(ctx context.Context, clue Clue) ([]exportlog.Row, error) {
	exports, err := l.resolve(ctx, clue, exportlog.Query{})
	if err != nil {
		return nil, fmt.Errorf("linkage: resolve: %w", err)
	}
	return exports, nil
}

// resolve returns the export rows that a clue may mean and a query allows.
func (l *Linker) resolve(ctx context.Context, clue Clue, q exportlog.Query) ([]exportlog.Row, error) {
	if l.resolver == nil {
		return nil, fmt.Errorf("%w: %s: the linker has no resolver; see WithResolver", ErrBadDivergence, clue)
	}
	deploys, err := l.resolver.Deploys(ctx, clue)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", clue, err)
	}
	if len(deploys) > MaxDeploys {
		return nil, fmt.Errorf("%w: %s: it may mean more than %d deploys; say more", ErrBadDivergence, clue, MaxDeploys)
	}
	var queries []exportlog.Query
	for _, e := range deploys {
		asked := q
		fits := narrow(&asked.PromotionPacketID, e.PromotionPacketID) && narrow(&asked.ExportRowID, e.exportRowID())
		if fits && (e.PromotionPacketID != "" || e.exportRowID() != 0) && !slices.Contains(queries, asked) {
			queries = append(queries, asked)
		}
	}
	if len(queries) == 0 {
		return nil, &NotLocatedError{Wanted: clue.String(), Problem: fmt.Sprintf("%d deploys fit, and none of them names an export that does", len(deploys))}
	}
	found := make([][]exportlog.Row, len(queries))
	g, gctx := errgroup.WithContext(ctx)
	for i, q := range queries {
		g.Go(func() (err error) {
			found[i], _, err = l.exports(gctx, q)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("%s: %w", clue, err)
	}
	var exports []exportlog.Row
	for _, r := range slices.Concat(found...) {
		if !slices.ContainsFunc(exports, func(have exportlog.Row) bool { return have.ExportRowID == r.ExportRowID }) {
			exports = append(exports, r)
		}
	}
	return exports, nil
}

// narrow lets an event say what was not asked for; false if it says otherwise.
func narrow[T comparable](asked *T, says T) bool {
	var nothing T
	if *asked == nothing {
		*asked = says
	}
	return says == nothing || *asked == says
}

// exportRowID is the row that an event itself points to; 0 for none.
func (e Event) exportRowID() int64 {
	n, _ := e.Fields["export_row_id"].(float64)
	return int64(n)
}

// one returns the one export that a query leads to.
func (l *Linker) one(ctx context.Context, q exportlog.Query) (exportlog.Row, error) {
	exports, _, err := l.exports(ctx, q)
	if err != nil {
		return exportlog.Row{}, err
	}
	return only(exports)
}

func only(exports []exportlog.Row) (exportlog.Row, error) {
	if len(exports) > 1 {
		return exportlog.Row{}, &AmbiguousError{Candidates: exports}
	}
	return exports[0], nil
}

// exports returns the export rows that a query leads to; none is a NotLocatedError.
func (l *Linker) exports(ctx context.Context, q exportlog.Query) (exports []exportlog.Row, damage, err error) {
	rows, damage, err := l.leading(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	if exports, err = l.exportsOf(ctx, rows); err != nil {
		return nil, nil, err
	}
	if len(exports) > 0 {
		return exports, damage, nil
	}
	problem := ""
	if len(rows) > 0 {
		problem = fmt.Sprintf("row %d is of kind %s", rows[0].ExportRowID, rows[0].Kind)
	}
	return nil, nil, l.notLocated(ctx, q, problem, damage)
}

// find is the log's Find, with damage apart from other errors: at 03:00 the rows
// that can be read are worth more than the reason why others cannot.
func (l *Linker) find(ctx context.Context, q exportlog.Query) (rows []exportlog.Row, damage, err error) {
	rows, err = l.log.Find(ctx, q)
	if errors.Is(err, exportlog.ErrDamaged) {
		return rows, err, nil
	}
	return rows, nil, err
}

// leading finds the rows that a query leads to, and with each correction among them
// the row that it puts right: a link may have its ticket by correction.
func (l *Linker) leading(ctx context.Context, q exportlog.Query) (rows []exportlog.Row, damage, err error) {
	if rows, damage, err = l.find(ctx, q); err != nil {
		return nil, nil, err
	}
	for _, c := range ofKind(rows, exportlog.KindCorrection) {
		if slices.ContainsFunc(rows, func(r exportlog.Row) bool { return r.ExportRowID == c.CorrectionOfExportRowID }) {
			continue
		}
		for depth := 0; c.Kind == exportlog.KindCorrection && depth < maxCorrections; depth++ {
			put, _, err := l.find(ctx, exportlog.Query{ExportRowID: c.CorrectionOfExportRowID})
			if err != nil {
				return nil, nil, err
			}
			if len(put) == 0 {
				break
			}
			c = put[0]
		}
		rows = append(rows, c)
	}
	return rows, damage, nil
}

// maxCorrections is how many corrections of a correction are followed.
const maxCorrections = 16

// exportsOf returns the export rows among rows, and those that the link rows
// among them are about, each once.
func (l *Linker) exportsOf(ctx context.Context, rows []exportlog.Row) ([]exportlog.Row, error) {
	exports := ofKind(rows, exportlog.KindExport)
	seen := map[int64]bool{}
	for _, r := range exports {
		seen[r.ExportRowID] = true
	}
	var subjects []int64
	for _, link := range ofKind(rows, exportlog.KindLink) {
		if !seen[link.SubjectExportRowID] {
			seen[link.SubjectExportRowID] = true
			subjects = append(subjects, link.SubjectExportRowID)
		}
	}
	found := make([][]exportlog.Row, len(subjects))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(maxAtOnce)
	for i, subject := range subjects {
		g.Go(func() (err error) {
			found[i], _, err = l.find(gctx, exportlog.Query{ExportRowID: subject})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return append(exports, ofKind(slices.Concat(found...), exportlog.KindExport)...), nil
}

// maxAtOnce bounds what is asked of the log at once.
const maxAtOnce = 16

func ofKind(rows []exportlog.Row, kind exportlog.Kind) []exportlog.Row {
	var of []exportlog.Row
	for _, r := range rows {
		if r.Kind == kind {
			of = append(of, r)
		}
	}
	return of
}
