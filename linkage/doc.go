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
// # The link row
//
// It is a row of the log (package exportlog) of kind link. It repeats where the evidence
// lies, so that who finds the link has all that leads there:
//
//	{"schema_version":1,"export_row_id":5,"kind":"link","promotion_packet_id":"pp-2015/0002 #2",
//	 "export_batch_id":"eb-20150302-877fc397726c601d","archive_uri":"file:///var/lib/evidence/packets/…/packet.json",
//	 "content_integrity_reference":"sha256:c4ab280e…","rollback_event_id":"rb-1","incident_ticket_id":"INC-1",
//	 "divergence_summary":"purchase_success fell","link_owner_ack":"incident-commander: on-call lead",
//	 "subject_export_row_id":2,…,"idempotency_key":"link:b6a75a1d…",…}
//
// divergence_summary has a line for each [Delta], then free text: see [Summary]. What makes
// two links the same is the export and the two ids, an absent one being "". They are quoted
// as in Go, and the idempotency_key is over them:
//
//	$ printf '%s' '2 "rb-1" "INC-1"' | sha256sum
//	b6a75a1dc1dda6c217e77aca90b4ea1fd9419fdc332d8992410f17e0bcc441a2  -
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
// Mermaid or a page; if asked, with the figures of its lane and release cycle. For
// somebody who has neither the bucket nor this library, [Linker.Pack] makes a folder that
// proves one export by its own instructions.
package linkage
