// Command interop measures the export log beside its alternatives, each in the
// same run on the same machine, and prints the table as Markdown:
//
//	go -C exportlog/interop run .
//
// Its tests have other people's code check what the export log writes. It is a
// module of its own, so that none of theirs weighs on users.
package main
