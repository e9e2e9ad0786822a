// Pack checks an evidence pack as its VERIFY.md says, with Go's standard library and
// nothing else: nothing of Holdfast, nothing of Sigstore.
//
//	go run ./examples/auditor/pack [-withheld] [-without-proofs] DIR FINGERPRINT...
//
// The fingerprints are those of the keys that release operations publishes: the SHA-256
// of each public key's DER form. Get them by a way that does not lead through whoever
// gave you the folder.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
)

// lenience is what a reader was told that the pack does not have. A pack that merely
// lacks it may have been stripped of it.
type lenience struct {
	withheld      bool // the manifest, for it names other exports
	withoutProofs bool // checkpoint and proofs
}

func main() {
	var l lenience
	flag.BoolVar(&l.withheld, "withheld", false, "the manifest was left out, as VERIFY.md says")
	flag.BoolVar(&l.withoutProofs, "without-proofs", false, "there are no proofs, as VERIFY.md says")
	flag.Parse()
	if flag.NArg() < 2 {
		fmt.Fprintln(os.Stderr, "usage: pack [-withheld] [-without-proofs] DIR FINGERPRINT...")
		os.Exit(2)
	}
	root, err := os.OpenRoot(flag.Arg(0))
	if err == nil {
		err = audit(root.FS(), flag.Args()[1:], l)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pack: NOT verified:", err)
		os.Exit(1)
	}
	fmt.Println("verified")
}

// audit makes the checks in the order of VERIFY.md. The packet and its exhibits rest on
// the row, the row on the log's key, all of it once more on the manifest's key.
func audit(pack fs.FS, fingerprints []string, l lenience) error {
	if err := unchanged(pack); err != nil {
		return err
	}
	if err := trusted(pack, fingerprints); err != nil {
		return err
	}
	files, err := evidence(pack)
	if err != nil {
		return err
	}
	rows, err := readRows(pack)
	if err != nil {
		return err
	}
	export, err := exportOf(rows)
	if err != nil {
		return err
	}
	if l.withheld && l.withoutProofs {
		return errors.New("without manifest and without proofs nothing is signed")
	}
	if !l.withheld {
		if err := signed(pack, export, files); err != nil {
			return fmt.Errorf("manifest: %w", err)
		}
	}
	if err := named(pack, export, files); err != nil {
		return fmt.Errorf("contents: %w", err)
	}
	if l.withoutProofs {
		fmt.Println("the rows are NOT proven to be in the log")
		return nil
	}
	if err := logged(pack, rows); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}
