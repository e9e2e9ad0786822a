package linkage

import (
	"context"
	"slices"
)

// readFigures counts the lanes and release cycles of the story's exports, if that was
// asked for. An export that does not verify is of none.
func (t *teller) readFigures(ctx context.Context) error {
	if t.story.Figures == nil {
		return nil
	}
	f, err := t.linker.Figures(ctx, *t.story.Figures)
	if err != nil {
		return err
	}
	f.Groups = slices.DeleteFunc(f.Groups, func(g Figure) bool { return !t.told.isIn(g) })
	t.told.Figures = &f
	return nil
}

func (l Lineage) isIn(g Figure) bool {
	return slices.ContainsFunc(l.Exports, func(x Export) bool {
		return x.Unverified == "" && x.in == lane{g.Lane, g.ReleaseCycleID}
	})
}
