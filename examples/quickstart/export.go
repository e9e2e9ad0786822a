package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

// theOne is the packet that the story is about.
const theOne = "pp-payments-0027"

// export archives the sample packets. One of them was decided to be held back, and
// the policy exports promotes.
func (s *show) export(ctx context.Context) error {
	packets, err := s.samples()
	if err != nil {
		return err
	}
	s.heading("1  Export three promotes")
	var row archive.Receipt
	err = s.as(ctx, func(a *archive.Archive) error {
		for _, p := range packets {
			receipt, err := a.Export(ctx, p)
			if errors.Is(err, archive.ErrRefused) {
				s.say("–      %-10s is not exported   %s", p.Header.PromotionDecision, p.Header.PromotionPacketID)
				continue
			}
			if err != nil {
				return err
			}
			s.receipt(receipt)
			if receipt.PromotionPacketID == theOne {
				row = receipt
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, exportlog.ErrDamaged) {
		return err
	}
	s.row(row)
	if err := s.audit(ctx); err != nil {
		return fmt.Errorf("%w: what is marked ✗ was changed or is missing, and not by this program; to start over, remove %s", err, short(s.home))
	}
	return s.as(ctx, s.keepCheckpoint(ctx))
}

func (s *show) receipt(r archive.Receipt) {
	before := ""
	if r.AlreadyExported {
		before = "   (was there)"
	}
	s.say("row %-2d %-10s until %s  %s%s", r.ExportRowID, r.RetentionClass, r.RetainUntilUTC.Format(time.DateOnly), r.PromotionPacketID, before)
}

// shown are the fields of a row that the page has room for.
var shown = []string{"export_row_id", "promotion_packet_id", "promotion_decision", "promotion_decision_at_utc", "export_batch_id", "archive_uri",
	"retention_class", "content_integrity_reference", "exported_at_utc", "export_operator_ack", "prev_row_sha256"}

// row prints a row as it lies in the log.
func (s *show) row(r archive.Receipt) {
	if len(r.Line()) == 0 {
		return
	}
	s.say("\nRow %d in the log, one line of JSON (with hashes and the address shortened):", r.ExportRowID)
	d := json.NewDecoder(bytes.NewReader(r.Line()))
	d.UseNumber()
	for _, err := d.Token(); err == nil && d.More(); { // {
		name, _ := d.Token()
		var value json.RawMessage
		if err = d.Decode(&value); err == nil && slices.Contains(shown, fmt.Sprint(name)) {
			text := strings.Trim(string(value), `"`)
			s.say("  %-28s %s", name, hashes(strings.Replace(text, "file://"+s.bucket(), "file://…", 1)))
		}
	}
}
