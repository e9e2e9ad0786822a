// Package linkage binds what went wrong to the export that authorised the risk.
//
// A promotion is exported before it can go wrong. When it does, a rollback
// event or an incident ticket names a packet, a batch or a row, and linkage finds
// the one export row meant, appends a link row that points to it, and proves from
// the bucket alone what the reviewers had in front of them.
//
//	linker := linkage.New(a)
//	link, err := linker.Bind(ctx, linkage.Divergence{
//		PromotionPacketID: "pp-20260811-PAYMENTS-0027",
//		IncidentTicketID:  "INC-2888",
//		DivergenceSummary: "crash-free sessions 92.4%, 99.6% when promoted",
//		LinkOwnerAck:      linkage.Ack{Role: linkage.IncidentCommander, Name: "on-call lead"},
//	})
//
// The export row itself never changes. [Linker.Locate] goes the other way, from
// a ticket to the export, and [Linker.Rehearse] runs the whole path against the
// clock on a day when nothing is burning, without a trace in the real log.
//
// [Linker.Figures] counts what was bound: change failure rate and time to recover by lane
// and release cycle, with the rows that they rest on and what is not known.
package linkage
