package exportlog

// Fold returns the exports among rows, each as it stands by the other rows given, in
// their order. The rows are in the order of the log, as [Log.Find] returns them: all
// rows of a packet give just what [Log.CurrentOf] does, without asking the log again.
func Fold(rows []Row) []Current {
	f := newFold()
	for _, r := range rows {
		f.add(r)
	}
	var exports []Current
	for _, r := range rows {
		if r.Kind == KindExport {
			exports = append(exports, f.current(r))
		}
	}
	return exports
}
