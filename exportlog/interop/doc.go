// Command interop measures the export log beside its alternatives, each in the
// same run on the same machine, and prints the table as Markdown:
//
//	go -C exportlog/interop run .
//
// "All that is derived" is, beside the tiles that Tessera writes too, two index
// entries a row, each a name in a folder of its own and on disk, which Tessera has none
// of. Making two folders, two names and the file that they share keeps a processor busy
// for longer than all else that is done for a row: that, and not commits or syncing, is
// what bounds a directory in the long run, and with many callers it is far below what is
// acknowledged. A line of the table makes those files and nothing else, and so is the most
// that a log with such an index could come to there. The second comparison is with what
// Tessera acknowledges; its shutdown waits for its next checkpoint.
//
// What an opening, a find and an append take at ten, a thousand, ten thousand and a
// million rows, in requests and in round trips one after the other, is reported by
//
//	HOLDFAST_TEST_BIG=1 go test -v -run CostIsFlat -timeout 1h ./exportlog
//
// Its tests have other people's code check what the export log writes. It is a
// module of its own, so that none of theirs weighs on users.
package main
