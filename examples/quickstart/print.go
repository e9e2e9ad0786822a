package main

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/linkage"
)

func title(s string) { fmt.Printf("\n%s\n%s\n", s, strings.Repeat("─", len([]rune(s)))) }

func line(format string, args ...any) { fmt.Printf("  "+format+"\n", args...) }

func printReceipt(r archive.Receipt, e archive.Evidence) {
	state := ""
	if r.AlreadyExported {
		state = "  (already there)"
	}
	line("row %-2d %-32s %s until %s%s", r.ExportRowID, r.PromotionPacketID, r.RetentionClass, r.RetainUntilUTC.Format(time.DateOnly), state)
	line("       because %s", strings.Join(e.Packet.Retention.Reasons, "; "))
	for _, x := range e.Packet.Exhibits {
		line("       with %s, %d bytes", x.Name, x.Size)
	}
}

func printWhatWasNew(receipts []archive.Receipt) {
	fresh := 0
	for _, r := range receipts {
		if !r.AlreadyExported {
			fresh++
		}
	}
	if fresh == 0 {
		line("Nothing new: all %d were exported before, and the first receipts still stand.", len(receipts))
		return
	}
	line("%d exported now, %d before.", fresh, len(receipts)-fresh)
}

func bound(l linkage.Link) string {
	how := "are bound by row"
	if l.AlreadyBound {
		how = "were bound before, by row"
	}
	return fmt.Sprintf("%s and %s %s %d to export row %d, which authorised the risk", l.RollbackEventID, l.IncidentTicketID, how, l.ExportRowID, l.Export.ExportRowID)
}

func printRehearsal(r linkage.Rehearsal) {
	for _, s := range r.Steps {
		line("%8s  %s: %s", s.Took.Round(10*time.Microsecond), s.Name, s.Detail)
	}
	verdict := "within"
	if !r.WithinSLA() {
		verdict = "MISSED"
	}
	line("%8s  in all: %s the SLA of %s", r.Total.Round(10*time.Microsecond), verdict, r.SLA)
}

// next names three commands to try, with the paths of this run filled in.
func next(receipts []archive.Receipt) error {
	last := receipts[len(receipts)-1]
	u, err := url.Parse(last.ArchiveURI)
	if err != nil {
		return err
	}
	bucket := filepath.Join(home, "bucket")
	bundle := filepath.Join(bucket, "manifests", last.ExportBatchID, strings.TrimPrefix(last.ContentIntegrityReference, "sha256:")+".sigstore.json")

	title("Try next")
	line("1. The log, with nothing but cat and jq:\n")
	line("   cat %s/log/commits/*/*/*/*.jsonl | jq -c '[.export_row_id, .kind, .promotion_packet_id, .incident_ticket_id]'\n", bucket)
	line("2. The signature over the last export, without this library (bash, jq, openssl):\n")
	line("   B=%s", bundle)
	line("   P=$(jq -r .dsseEnvelope.payload $B | base64 -d)")
	line("   printf 'DSSEv1 28 application/vnd.in-toto+json %%d %%s' $(printf %%s \"$P\" | wc -c) \"$P\" |")
	line("     openssl dgst -sha256 -verify %s/holdfast.key.pub -signature <(jq -r '.dsseEnvelope.signatures[0].sig' $B | base64 -d)", home)
	line("   (or: cosign verify-blob-attestation --key %s/holdfast.key.pub --bundle $B --insecure-ignore-tlog=true \\", home)
	line("     --type https://github.com/holdfast-archive/holdfast/archive/manifest/export/v1 '%s')\n", relative(u.Path))
	line("3. Rewrite history, and be told:\n")
	line("   chmod u+w '%s' && echo >> '%[1]s' && go run ./examples/quickstart\n", relative(u.Path))
	return nil
}

// relative shortens a path below the working directory.
func relative(path string) string {
	here, err := filepath.Abs(".")
	if err != nil {
		return path
	}
	short, err := filepath.Rel(here, path)
	if err != nil {
		return path
	}
	return short
}
