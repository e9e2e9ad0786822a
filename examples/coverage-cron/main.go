// Coverage-cron is the nightly batch: it exports the packets of a window, compares the
// log with an independent source of promotions, and fills in what is missing.
//
//	coverage-cron -bucket URL -key FILE -packets DIR -source promotions.jsonl [-backfill]
//
// Its exit status is for the scheduler:
//
//	0  every mandatory promotion of the window is exported, in time
//	1  there are gaps; with -backfill, gaps that could not be filled
//	2  it could not find out: nothing may be concluded
//	3  all is exported, some of it late or only reconstructed
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	_ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

const couldNotFindOut = 2

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stderr))
}

// run is the program, with its log written to w.
func run(ctx context.Context, args []string, w io.Writer) int {
	log := slog.New(slog.NewJSONHandler(w, nil))
	code, err := batch(ctx, args, log)
	if err != nil {
		log.Error("coverage is not known", "error", err)
		return couldNotFindOut
	}
	log.Info("done", "exit_status", code)
	return code
}

func batch(ctx context.Context, args []string, log *slog.Logger) (code int, err error) {
	flags := flag.NewFlagSet("coverage-cron", flag.ContinueOnError)
	bucket := flags.String("bucket", "", "URL of the archive's bucket")
	key := flags.String("key", "", "file with the private key")
	operator := flags.String("operator", "release-ops/coverage-cron", "export_operator_ack")
	n := nightly{log: log}
	flags.StringVar(&n.packets, "packets", "", "directory with a folder for each packet; empty exports none")
	flags.StringVar(&n.source, "source", "", "promotions that took place, JSON lines")
	flags.DurationVar(&n.keeps, "source-keeps", 14*24*time.Hour, "how far back the source remembers")
	flags.BoolVar(&n.backfill, "backfill", false, "export what is missing; without it, only say what would be")
	window := flags.Duration("window", 48*time.Hour, "how far back to look; let windows overlap")
	if err := flags.Parse(args); err != nil {
		return 0, err
	}
	n.until = time.Now()
	n.from = n.until.Add(-*window)
	if *window > n.keeps {
		return 0, fmt.Errorf("a window of %s goes back further than the source, which keeps %s: older exports would seem to be orphans", *window, n.keeps)
	}
	signer, err := manifest.LoadSigner(*key, nil)
	if err != nil {
		return 0, err
	}
	n.archive, err = archive.Open(ctx, *bucket, archive.Config{Signer: signer, Operator: *operator})
	if err != nil {
		return 0, err
	}
	code, err = n.run(ctx)
	return code, errors.Join(err, n.archive.Close())
}
