// First is the program of the README: it exports one packet, given as a folder.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	_ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

func main() {
	ctx := context.Background()
	signer, err := manifest.LoadOrCreateKey("holdfast.key")
	check(err)
	a, err := archive.Open(ctx, "file://./evidence?create_dir=true",
		archive.Config{Signer: signer, Operator: "release-ops/pipeline-42"})
	check(err)
	packet, err := archive.ReadFolder(os.DirFS(os.Args[1])) // packet.json, exhibits/*
	check(err)
	receipt, err := a.Export(ctx, packet)
	check(err)
	fmt.Println("row", receipt.ExportRowID, "kept until", receipt.RetainUntilUTC)
	fmt.Println(receipt.ArchiveURI)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
