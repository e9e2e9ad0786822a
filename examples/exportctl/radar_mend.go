package main

import (
	"fmt"
	"slices"

	"github.com/holdfast-archive/holdfast/archive"
)

// mended says of each lapse which command mends it, where the library names a call.
func mended(lapses []archive.Lapse) []archive.Lapse {
	lapses = slices.Clone(lapses)
	for i, l := range lapses {
		switch l.Kind {
		case archive.PromiseShort:
			lapses[i].Mend = fmt.Sprintf("exportctl extend --packet %s --to-class %s --reason TEXT", shellWord(l.PromotionPacketID), l.RetentionClass)
		case archive.LockShort:
			lapses[i].Mend = fmt.Sprintf("exportctl extend --packet %s --to-class %s --objects --reason TEXT", shellWord(l.PromotionPacketID), l.RetentionClass)
		case archive.LogLockShort:
			lapses[i].Mend = "exportctl extend --all --objects --reason TEXT"
		case archive.HoldNotLooked:
			lapses[i].Mend = fmt.Sprintf("exportctl review-holds --all --matter %[1]s --reason TEXT, or release --all --matter %[1]s --reason TEXT", shellWord(l.Object))
		case archive.KeyEnds:
			lapses[i].Mend = fmt.Sprintf("exportctl keys create, sign with the new key, and list it in the trust.yaml under the same owner, from: %s", moment(l.ByUTC))
		}
	}
	return lapses
}
