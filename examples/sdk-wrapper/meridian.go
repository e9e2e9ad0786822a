package launch

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/linkage"
)

// Promote keeps what a launch was given the go on. Call it before the first instance is
// replaced, and as often as you like: the same launch gives the same receipt.
func (m *Meridian) Promote(ctx context.Context, l Launch) (Receipt, error) {
	packet, err := l.packet()
	if err != nil {
		return Receipt{}, named(err)
	}
	r, err := m.archive.Export(ctx, packet)
	if err != nil {
		return Receipt{}, named(err)
	}
	return Receipt{Number: r.ExportRowID, Address: r.ArchiveURI, KeptUntil: r.RetainUntilUTC}, nil
}

// RolledBack binds a rollback to the launch that it takes back. The launch's record
// does not change; saying it twice says it once.
func (m *Meridian) RolledBack(ctx context.Context, r Rollback) error {
	_, err := m.linker.Bind(ctx, linkage.Divergence{
		PromotionPacketID: r.LaunchID,
		RollbackEventID:   r.ID,
		IncidentTicketID:  r.Ticket,
		DivergenceSummary: cmp.Or(r.Why, "rolled back"),
		LinkOwnerAck:      linkage.Ack{Role: "service-owner", Name: r.By},
	})
	return named(err)
}

// Recall returns the launches that a ticket is about, each proven to be what the board
// saw when it gave the go.
func (m *Meridian) Recall(ctx context.Context, ticket string) ([]Launched, error) {
	proofs, err := m.linker.Prove(ctx, exportlog.Query{IncidentTicketID: ticket})
	if err != nil {
		return nil, named(err)
	}
	var launched []Launched
	for _, p := range proofs {
		l := Launched{Number: p.Export.ExportRowID, Document: p.Document, Proven: p.Problem == nil}
		if p.Problem != nil {
			l.Problem = p.Problem.Error()
		}
		launched = append(launched, l)
	}
	return launched, nil
}

// named says an error in this package's words. What is below stays below: callers
// that matched its errors would have to be changed with it.
func named(err error) error {
	bad := new(archive.PacketError)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, archive.ErrPending):
		return fmt.Errorf("%w: %v", ErrQueued, err)
	case errors.As(err, &bad):
		return fmt.Errorf("%w: %v", ErrNotReady, err)
	case errors.Is(err, linkage.ErrNotLocated):
		return fmt.Errorf("%w: %v", ErrUnknown, err)
	}
	return fmt.Errorf("launch: %v", err)
}
