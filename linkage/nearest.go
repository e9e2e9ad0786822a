package linkage

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
	"golang.org/x/sync/errgroup"
	"golang.org/x/text/unicode/norm"

	"github.com/holdfast-archive/holdfast/exportlog"
)

// NotLocatedError says that no export row matches, and names rows that are near:
// those whose id differs by case, Unicode form, escaping or a few letters, those next to
// the number given, or those that match a part of what was asked. It matches
// [ErrNotLocated].
type NotLocatedError struct {
	Wanted  string // what was asked for
	Problem string // why it leads nowhere, where that is known
	Nearest []exportlog.Row
	Damage  error // what of the log could not be read, if anything
}

func (e *NotLocatedError) Error() string {
	text := fmt.Sprintf("%v: %s", ErrNotLocated, e.Wanted)
	if e.Problem != "" {
		text += ": " + e.Problem
	}
	if len(e.Nearest) > 0 {
		names := make([]string, len(e.Nearest))
		for i, r := range e.Nearest {
			names[i] = nearRow(r)
		}
		text += "; nearest: " + strings.Join(names, ", ")
	}
	if e.Damage != nil {
		text += fmt.Sprintf(" (%v)", e.Damage)
	}
	return text
}

func nearRow(r exportlog.Row) string {
	if r.Kind != exportlog.KindLink {
		return fmt.Sprintf("row %d (%.120q)", r.ExportRowID, r.PromotionPacketID)
	}
	var ids []string
	for _, id := range []string{r.IncidentTicketID, r.RollbackEventID} {
		if id != "" {
			ids = append(ids, fmt.Sprintf("%.120q", id))
		}
	}
	return fmt.Sprintf("%s (bound to row %d, %.120q)", strings.Join(ids, " "), r.SubjectExportRowID, r.PromotionPacketID)
}

// Is matches ErrNotLocated.
func (e *NotLocatedError) Is(target error) bool { return target == ErrNotLocated }

// Unwrap returns what of the log could not be read.
func (e *NotLocatedError) Unwrap() error { return e.Damage }

// maxNearest is how many candidates are named.
const maxNearest = 5

// notLocated makes the error for a query, at a cost that does not grow with the log: a
// listing of the neighbourhood, and the rows of the few that are nearest.
func (l *Linker) notLocated(ctx context.Context, q exportlog.Query, problem string, damage error) error {
	e := &NotLocatedError{Wanted: wanted(q), Problem: problem, Damage: damage}
	near, err := l.near(ctx, q)
	if err != nil {
		return fmt.Errorf("%w (what is nearest could not be found out: %w)", e, err)
	}
	e.Nearest = near
	return e
}

func wanted(q exportlog.Query) string {
	var parts []string
	if q.ExportRowID != 0 {
		parts = append(parts, fmt.Sprintf("export_row_id %d", q.ExportRowID))
	}
	for _, id := range idsOf(q) {
		parts = append(parts, fmt.Sprintf("%s %.120q", id.field, id.value))
	}
	return strings.Join(parts, " with ")
}

type namedID struct {
	field string
	kind  exportlog.IDKind
	value string
}

// idsOf returns the ids a query asks for.
func idsOf(q exportlog.Query) []namedID {
	return slices.DeleteFunc([]namedID{
		{"promotion_packet_id", exportlog.PacketIDs, q.PromotionPacketID},
		{"export_batch_id", exportlog.BatchIDs, q.ExportBatchID},
		{"incident_ticket_id", exportlog.IncidentIDs, q.IncidentTicketID},
		{"rollback_event_id", exportlog.RollbackIDs, q.RollbackEventID},
	}, func(id namedID) bool { return id.value == "" })
}

func (id namedID) query() (q exportlog.Query) {
	switch id.kind {
	case exportlog.PacketIDs:
		q.PromotionPacketID = id.value
	case exportlog.BatchIDs:
		q.ExportBatchID = id.value
	case exportlog.IncidentIDs:
		q.IncidentTicketID = id.value
	case exportlog.RollbackIDs:
		q.RollbackEventID = id.value
	}
	return q
}

func (l *Linker) near(ctx context.Context, q exportlog.Query) ([]exportlog.Row, error) {
	var queries []exportlog.Query
	if q.ExportRowID != 0 {
		head, err := l.log.Head(ctx)
		if err != nil {
			return nil, err
		}
		at := min(q.ExportRowID, head.Size)
		for row := max(at-1, 1); row <= min(at+1, head.Size); row++ {
			queries = append(queries, exportlog.Query{ExportRowID: row})
		}
	}
	for _, id := range idsOf(q) {
		ids, err := l.log.IDs(ctx, id.kind, prefixes(id.value)...)
		if err != nil {
			return nil, err
		}
		for _, other := range nearestIDs(id.value, ids) {
			queries = append(queries, namedID{kind: id.kind, value: other}.query())
		}
	}
	found := make([][]exportlog.Row, len(queries))
	g, gctx := errgroup.WithContext(ctx)
	for i, q := range queries {
		g.Go(func() error {
			rows, _, err := l.find(gctx, q)
			if len(rows) > 0 && q.ExportRowID == 0 {
				rows = rows[len(rows)-1:] // an id's newest row stands for it
			}
			found[i] = rows
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	rows := slices.Concat(found...)
	return rows[:min(len(rows), maxNearest)], nil
}

// prefixes are the places to look for what an id may have been meant to be: as it
// stands in other spellings, and cut off before where it may be wrong.
func prefixes(id string) []string {
	trimmed := strings.TrimSpace(id)
	all := []string{trimmed, norm.NFC.String(trimmed), norm.NFD.String(trimmed), norm.NFKC.String(trimmed), strings.ToLower(trimmed), strings.ToUpper(trimmed)}
	if unescaped, err := url.PathUnescape(trimmed); err == nil && utf8.ValidString(unescaped) {
		all = append(all, unescaped)
	}
	runes := []rune(trimmed)
	for _, cut := range []int{len(runes) - 1, len(runes) - 2, len(runes) - 4, len(runes) * 3 / 4, len(runes) / 2, len(runes) / 4} {
		all = append(all, string(runes[:max(cut, 0)]))
	}
	if at := strings.LastIndexAny(trimmed, "-/_.#: "); at > 0 {
		all = append(all, trimmed[:at])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// nearestIDs returns the ids that are most like one, the nearest first.
func nearestIDs(id string, ids []string) []string {
	type near struct {
		id       string
		distance int
	}
	want := folded(id)
	length := utf8.RuneCountInString(want)
	var all []near
	for _, other := range ids {
		have := folded(other)
		n := utf8.RuneCountInString(have)
		if other == id || max(n, length) > 128 && have != want || max(n, length)-min(n, length) > atMostApart(length) {
			continue
		}
		if d := levenshtein.ComputeDistance(want, have); d <= atMostApart(length) {
			all = append(all, near{other, d})
		}
	}
	slices.SortFunc(all, func(a, b near) int { return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.id, b.id)) })
	var nearest []string
	for _, n := range all[:min(len(all), maxNearest)] {
		nearest = append(nearest, n.id)
	}
	return nearest
}

// atMostApart is how many letters an id may differ by and still be meant.
func atMostApart(length int) int { return max(2, length/5) }

// folded is an id without what people and tools get wrong: case, Unicode form,
// escaping and space around it.
func folded(id string) string {
	if unescaped, err := url.PathUnescape(id); err == nil && utf8.ValidString(unescaped) {
		id = unescaped
	}
	return strings.ToLower(norm.NFKC.String(strings.TrimSpace(id)))
}
