// Holdfast-argo keeps the promotions of Argo Rollouts on record.
//
//	holdfast-argo serve                     export what completed, link what was aborted
//	holdfast-argo covered replicasets.json  exit 1 if an earlier promotion is not on record
//	holdfast-argo undone replicasets.json   link what was undone by hand, which nobody tells
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/linkage"
	_ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
	_ "github.com/holdfast-archive/holdfast/retention/worm/s3worm"
)

// errNotCovered: promotions are missing in the log. The exit status is 1; any other error
// is 2, for then it is not known.
var errNotCovered = errors.New("not on record")

func main() {
	err := run(context.Background(), os.Args[1:])
	if err != nil {
		slog.Error("holdfast-argo", "error", err)
	}
	switch {
	case errors.Is(err, errNotCovered):
		os.Exit(1)
	case err != nil:
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || (args[0] == "serve") != (len(args) == 1) {
		return errors.New("usage: holdfast-argo serve | covered FILE | undone FILE")
	}
	if args[0] == "serve" {
		return serve(ctx)
	}
	sets, err := readReplicaSets(args[1])
	if err != nil {
		return err
	}
	a, err := archive.Open(ctx, os.Getenv("HOLDFAST_BUCKET"), archive.Config{})
	if err != nil {
		return err
	}
	defer a.Close()
	switch args[0] {
	case "covered":
		return covered(ctx, a, sets)
	case "undone":
		return undone(ctx, linkage.New(a), sets)
	}
	return fmt.Errorf("%q is no command", args[0])
}

func serve(ctx context.Context) error {
	signer, err := manifest.LoadSigner(os.Getenv("HOLDFAST_KEY"), nil)
	if err != nil {
		return err
	}
	a, err := archive.Open(ctx, os.Getenv("HOLDFAST_BUCKET"), archive.Config{Signer: signer, Operator: "platform/argo-rollouts"})
	if err != nil {
		return err
	}
	defer a.Close()
	packets, err := os.OpenRoot(os.Getenv("HOLDFAST_PACKETS"))
	if err != nil {
		return err
	}
	r := &receiver{archive: a, packets: packets.FS(), token: os.Getenv("HOLDFAST_TOKEN")}
	server := &http.Server{Addr: ":8080", Handler: r, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	return server.ListenAndServe()
}
