package linkage

import (
	"context"
	"errors"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// laneField is the packet's field that names the lane it was promoted in.
const laneField = "lane"

// lanes returns the lane of each export whose packet verifies, by its row.
func (f *figuring) lanes(ctx context.Context, chunk []exportlog.Current) (map[int64]lane, error) {
	lanes := map[int64]lane{}
	var unread []exportlog.Row
	for _, c := range chunk {
		if in, ok := f.scope.Cache.get(c.Exported); ok {
			lanes[c.ExportRowID] = in
		} else {
			unread = append(unread, c.Exported)
		}
	}
	var evidence []archive.Evidence
	for e, err := range f.linker.archive.EvidenceOf(ctx, each(unread)) {
		if errors.Is(err, archive.ErrNotConfirmed) {
			continue
		}
		if err != nil {
			return nil, err
		}
		evidence = append(evidence, e)
	}
	read := make([]*lane, len(evidence))
	err := f.linker.inParallel(ctx, len(evidence), func(ctx context.Context, i int) error {
		fields, err := evidence[i].Fields(ctx)
		if isDamage(err) {
			return nil
		}
		in := laneOf(fields)
		read[i] = &in
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, e := range evidence {
		if read[i] != nil {
			lanes[e.Row.ExportRowID] = *read[i]
			f.scope.Cache.put(e.Row, *read[i])
		}
	}
	return lanes, nil
}

func laneOf(fields []archive.Field) lane {
	return lane{valueOf(fields, laneField), valueOf(fields, cycleField)}
}
