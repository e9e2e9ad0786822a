// Package retention decides how long a promotion's evidence is kept and how
// firmly. It is pure: no I/O, no clock, no cloud. What it decides is enforced
// by package worm, below this one.
//
// # The matrix
//
// Evidence falls into one of three classes, each stronger than the one before:
//
//	standard    the everyday promote
//	extended    somebody took a risk: an executive exception, or yellow twice running
//	regulated   a listed jurisdiction, or whatever the caller says is regulated
//
// A [Matrix] gives each class its [Terms]: a period, a lock mode, and whether a
// legal hold is set at once; and it holds the rules that classify a packet.
// [Matrix.Decide] applies them to the [Facts] read from a packet and returns a
// [Decision], a plain value that says what was decided and why:
//
//	m := retention.DefaultMatrix()
//	m.RegulatedJurisdictions = []string{"KR"}
//	d, err := m.Decide(retention.Facts{Jurisdictions: []string{"EU", "KR"}}, exportedAt)
//	// d.Class    regulated
//	// d.Reasons  ["jurisdiction KR is listed as regulated"]
//	// d.Lock     compliance until 2033-11-24T00:00:00Z
//
// # Longer and stricter wins
//
// When several rules match, the decision takes the longest period, the
// strictest mode, and a legal hold if any of the matched classes asks for one.
// A class further up never yields less than a class below it, whatever
// the matrix says: the terms of a class are the strongest of its own and of
// those below.
//
// # Calendar
//
// Periods are calendar periods (ISO 8601: P7Y, P18M, P400D), added in UTC as
// [time.Time.AddDate] does, so a day that does not exist rolls forward, never
// back: 29 February + P1Y is 1 March. The result is rounded up to the next
// midnight UTC. Evidence is therefore never kept a moment less than the period
// reads, and at most a day or so longer.
package retention
