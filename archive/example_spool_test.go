package archive_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// A deploy tool lets the release go on when the bucket is down, and not when there is
// no evidence.
func ExamplePendingError() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "holdfast")
	check(err)
	defer os.RemoveAll(dir)
	signer, err := manifest.CreateKey(dir + "/key")
	check(err)
	bucket := &outage{Driver: memworm.New()} // a bucket that can be down
	store, err := worm.New(ctx, bucket)
	check(err)
	a, err := archive.OpenStore(store, archive.Config{
		Signer: signer, Operator: "release-ops/pipeline-42",
		Spool: archive.Spool{Dir: dir + "/spool"},
	})
	check(err)
	defer a.Close()
	packet, err := archive.ReadFolder(os.DirFS("testdata/packets/packet-00"))
	check(err)

	bucket.begin(worm.ErrUnavailable)
	_, err = a.Export(ctx, packet)
	switch {
	case err == nil:
		fmt.Println("exported")
	case errors.Is(err, archive.ErrPending):
		fmt.Println("not exported yet: the release goes on, the evidence is safe here")
	default:
		fmt.Println("no evidence: stop the release:", err)
	}

	bucket.end()
	receipts, err := a.Flush(ctx) // or the next export
	check(err)
	fmt.Println("exported as row", receipts[0].ExportRowID)
	// Output:
	// not exported yet: the release goes on, the evidence is safe here
	// exported as row 1
}
