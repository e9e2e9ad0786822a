// Package linkage binds what went wrong to the export that authorised the risk.
//
// A promotion is exported before it can go wrong. When it does, somebody has a rollback
// event or an incident ticket, and a deploy id, an artifact or a packet. linkage finds
// the one export row meant, appends a link row that points to it, and proves from the
// bucket alone what the reviewers had in front of them.
//
//	linker := linkage.New(a)
//	link, err := linker.Bind(ctx, linkage.Divergence{
//		PromotionPacketID: "pp-20260811-PAYMENTS-0027",
//		IncidentTicketID:  "INC-2888",
//		DivergenceSummary: "crash-free sessions 92.4%, 99.6% when promoted",
//		LinkOwnerAck:      linkage.Ack{Role: linkage.IncidentCommander, Name: "on-call lead"},
//	})
//
// The export row itself never changes.
//
// # The way there
//
//	Bind       a divergence to its export, once, whoever asks and however often
//	Locate     the export of a ticket, a rollback, a packet, a batch
//	Prove      locate, retrieve and confirm, in four round trips at any size of the log
//	Resolve    what a deploy tool knows into export rows; see [Resolver]
//
// Bind states facts: what was recorded when it was decided, what was observed since, by
// whom and when ([Delta]). Who mistypes an id is told the nearest ([NotLocatedError]); of
// several exports nobody guesses which was meant ([AmbiguousError]).
//
// # On a quiet day
//
//	Reconcile      events with links: what floats free
//	Figures        change failure rate and time to recover, from link rows alone
//	Rehearse       the whole way against the clock, with a report that says what to fix
//	Deliver        rows as CloudEvents, at least once, from where the last time got to
//	CheckTemplate  that runbooks and incident forms ask for what leads here
//
// Events come as JSON lines ([ReadEvents]), as CDEvents ([ReadCDEvents]), or as any
// iterator.
//
// # Afterwards
//
// For the review afterwards, [Linker.Lineage] tells the story in time order, with what
// was believed beside what was observed and with the gaps named, as a value, JSON,
// Mermaid or a page; if asked, with the figures of its lane and release cycle. For somebody who has neither the bucket nor this library,
// [Linker.Pack] makes a folder that proves one export by its own instructions.
package linkage
