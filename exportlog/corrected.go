package exportlog

// Corrected returns the row with those of some corrections applied that are about it,
// or about another of them that is. Give them in the order of the log; rows of any
// other kind among them are passed over. It is for readers that have a row's
// corrections at hand: all of them are under its promotion_packet_id.
// [Log.Current] finds them itself.
func (r Row) Corrected(corrections []Row) Row {
	f := newFold()
	for _, c := range corrections {
		if c.Kind == KindCorrection {
			f.add(c)
		}
	}
	corrected, _ := f.corrected(r)
	return corrected
}
