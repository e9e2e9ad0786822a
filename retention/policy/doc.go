// Package policy is the export policy as a file that is carried out: which
// decisions must be exported, how soon, by whom, and how long each is kept.
//
// # The file
//
// YAML, checked against [Schema]; an editor that is given the schema completes it.
// default.yaml, beside this package's source, is the policy of a team that writes
// nothing, and a good start:
//
//	version: 1
//	decisions:            # promotion_decision: mandatory, optional or none
//	  promote: mandatory
//	  hold: none
//	clock_skew: PT2M      # how far apart clocks may be
//	maximum_delay:        # from the decision to the completed export, by class
//	  regulated: PT1H
//	classes:              # the retention matrix: all three, weakest first
//	  standard:  {period: P2Y, mode: governance}
//	  extended:  {period: P5Y, mode: compliance}
//	  regulated: {period: P7Y, mode: compliance, legal_hold: false, enforced_by: [bucket],
//	              storage_tiers: [{after: P90D, tier: cold}]}
//	regulated_jurisdictions: [KR, BR]
//	rules:                # every rule that holds counts; the strongest class wins
//	  - name: executive-exception
//	    when: executive_exception_id != ""
//	    class: extended
//	    because: an executive took the risk
//	roles:                # who may do what; an empty list leaves it to the bucket
//	  export: [release-ops, platform]
//	  release: [legal]
//	legal_hold:
//	  release_by_another_person: true
//
// Lengths of time are ISO 8601. A class's period is calendar arithmetic (see package
// retention); a delay is counted by the clock. Anchors, aliases and tags are not
// read: what stands in the file is all it says. [Parse] names everything that is
// wrong at once, each with its line, field and fix.
//
// # Rules
//
// A rule's when is an expression of CEL, https://cel.dev, over the packet's
// well-known fields, by their names, and over all of its top-level fields as packet:
//
//	consecutive_yellow_windows >= 2
//	jurisdictions.exists(j, j in regulated_jurisdictions)
//	has(packet.lane) && packet.lane == "payments"
//
// It is compiled and typed when the file is read, and bounded in depth and cost when
// it is evaluated. One that cannot be evaluated for a packet counts as one that holds,
// and says so: evidence is rather kept too long than too short.
//
// # Changing it
//
// A policy decides on exports to come. [Diff] says what another one would keep longer
// or shorter, field by field; periods are held against each other over the whole
// calendar, so P365D is shorter than P1Y. [Compare] says what becomes of given packets.
// What is stored already can be lengthened (archive.Extend) and is never shortened.
// Every manifest names the digest of the policy it was made under, and so does every
// [Explanation].
//
// What follows from a policy, such as the contract that a reviewer signs, is made by
// package render, below this one.
package policy
