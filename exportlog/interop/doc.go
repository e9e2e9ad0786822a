// Command interop measures the export log beside its alternatives, each in the
// same run on the same machine, and prints the table as Markdown:
//
//	go -C exportlog/interop run .
//
// "All that is derived" is, beside the tiles that Tessera writes too, two index
// entries a row, each a file of its own; Tessera's shutdown waits for its next
// checkpoint. What an opening, a find and an append take at ten, ten thousand and a
// million rows is reported by
//
//	go test ./exportlog -run '^$' -bench Cost -benchtime 1x
//
// Its tests have other people's code check what the export log writes. It is a
// module of its own, so that none of theirs weighs on users.
package main
