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
// legal hold is set at once. [Matrix.Lock] counts them from the time of an export:
//
//	lock, period := m.Lock(retention.Regulated, exportedAt)
//	// lock    compliance until 2033-11-24T00:00:00Z
//	// period  P7Y
//
// Which class a packet falls into is for package policy, below this one, to decide.
//
// # Longer and stricter wins
//
// A class further up never yields less than a class below it, whatever the matrix
// says: the lock of a class has the longest period, the strictest mode, and a legal
// hold if any asks for one, of its own terms and of those below.
//
// # Calendar
//
// Periods are calendar periods (ISO 8601: P7Y, P18M, P400D), added in UTC as
// [time.Time.AddDate] does, so a day that does not exist rolls forward, never
// back: 29 February + P1Y is 1 March. The result is rounded up to the next
// midnight UTC. Evidence is therefore never kept a moment less than the period
// reads, and at most a day or so longer.
package retention
