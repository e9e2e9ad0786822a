package archive_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// A matter holds what an incident led to, and nothing but the same matter releases it.
func ExampleArchive_Hold() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	must(err)
	defer os.RemoveAll(dir)
	a, receipt := opening(ctx, dir)
	defer a.Close()

	packet := archive.Selection{PromotionPacketID: receipt.PromotionPacketID} // or IncidentTicketID: "INC-2888"
	held, err := a.Hold(ctx, packet, archive.Matter{ID: "M-7", Reason: "litigation", By: "legal/counsel"})
	must(err)
	other, err := a.Release(ctx, packet, archive.Matter{ID: "M-8", Reason: "settled", By: "legal/partner"})
	must(err)
	released, err := a.Release(ctx, packet, archive.Matter{ID: "M-7", Reason: "settled", By: "legal/partner"})
	must(err)
	fmt.Println("held", held.Changed, "by another matter", other.Changed, "by the same", released.Changed)
	// Output: held [1] by another matter [] by the same [1]
}

// A policy that became longer is applied to the past: first it is said whom that concerns.
func ExampleArchive_Extend() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	must(err)
	defer os.RemoveAll(dir)
	a, receipt := opening(ctx, dir)
	defer a.Close()

	f := policy.Default().File()
	f.Classes[retention.Standard] = policy.Class{Period: retention.Years(3), Mode: retention.Governance}
	stricter, err := policy.New(f)
	must(err)
	for r, err := range a.Reclassify(ctx, archive.Selection{Everything: true}, stricter) {
		must(err)
		fmt.Println(r.PromotionPacketID, "longer:", r.Longer)
	}

	again := reopened(ctx, dir, stricter)
	defer again.Close()
	extended, err := again.Extend(ctx, archive.Selection{Everything: true}, archive.Extension{Reason: "policy of October"})
	must(err)
	evidence, err := again.Log().CurrentOf(ctx, receipt.ExportRowID)
	must(err)
	fmt.Println("extended", extended.Changed, "until", evidence.RetainUntilUTC.Format(time.DateOnly), "instead of", receipt.RetainUntilUTC.Format(time.DateOnly))
	// Output:
	// pp-1 longer: true
	// extended [1] until 2029-09-02 instead of 2028-09-02
}
