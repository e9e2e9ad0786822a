// Payments is a service's own deploy step: it knows the company's package, and nothing
// of what is below it.
//
//	go run ./examples/sdk-wrapper/service DIR
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	launch "github.com/holdfast-archive/holdfast/examples/sdk-wrapper"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: service DIR")
	}
	ctx := context.Background()
	m, err := launch.Local(ctx, os.Args[1]) // launch.Production(ctx) on a provisioned machine
	check(err)
	defer m.Close()

	receipt, err := m.Promote(ctx, launch.Launch{
		ID: "L-2026-0811-payments", Service: "payments", Image: "registry.example/payments@sha256:da41",
		GivenBy: "release-board", GivenAt: time.Date(2026, 8, 11, 8, 12, 0, 0, time.UTC),
		Signal: launch.Yellow, Weeks: 2, Countries: []string{"DE", "KR"},
	})
	if !errors.Is(err, launch.ErrQueued) {
		check(err)
	}
	fmt.Println("launch", receipt.Number, "kept until", receipt.KeptUntil.Format(time.DateOnly))

	check(m.RolledBack(ctx, launch.Rollback{
		ID: "rb-7501", LaunchID: "L-2026-0811-payments", Ticket: "INC-2888",
		Why: "purchase success fell to 95.5%", By: "payments on-call",
	}))
	launched, err := m.Recall(ctx, "INC-2888")
	check(err)
	for _, l := range launched {
		fmt.Println("INC-2888 is about launch", l.Number, "proven:", l.Proven)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
