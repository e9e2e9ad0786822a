package worm_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

// An object is stored and locked in one step, once.
func Example() {
	ctx := context.Background()
	store, err := worm.New(ctx, memworm.New())
	if err != nil {
		fmt.Println(err)
		return
	}
	body := `{"promotion_packet_id": "pp-7"}`
	stored, err := store.Put(ctx, "packets/pp-7/packet.json", strings.NewReader(body), worm.Spec{
		Size: int64(len(body)), SHA256: worm.Sum([]byte(body)),
		Lock: retention.Lock{Mode: retention.Governance, Until: time.Date(2028, 8, 5, 0, 0, 0, 0, time.UTC)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := store.State(ctx, stored.Ref)
	fmt.Println(store.URI(stored.Ref), state.Lock, err)
	// Output: mem://bucket/packets/pp-7/packet.json?versionId=1 governance until 2028-08-05T00:00:00Z <nil>
}

// What a store has under a key stays: the same bytes again are success, others are refused.
func ExampleStore_Put() {
	ctx := context.Background()
	store, err := worm.New(ctx, memworm.New())
	check(err)
	defer store.Close()
	put := func(body string) error {
		_, err := store.Put(ctx, "packets/pp-7/packet.json", strings.NewReader(body), worm.Spec{Size: int64(len(body)), SHA256: worm.Sum([]byte(body))})
		return err
	}
	fmt.Println(put("promote"), put("promote"))
	fmt.Println("other bytes exist:", errors.Is(put("hold"), worm.ErrExists))
	// Output:
	// <nil> <nil>
	// other bytes exist: true
}

// A lock is only ever made longer and stricter; a legal hold comes and goes.
func ExampleStore_Extend() {
	ctx := context.Background()
	store, err := worm.New(ctx, memworm.New())
	check(err)
	defer store.Close()
	lock := retention.Lock{Mode: retention.Governance, Until: time.Date(2028, 8, 5, 0, 0, 0, 0, time.UTC)}
	stored, err := store.Put(ctx, "packets/pp-7/packet.json", strings.NewReader("promote"), worm.Spec{Size: 7, SHA256: worm.Sum([]byte("promote")), Lock: lock})
	check(err)

	longer := retention.Lock{Mode: retention.Compliance, Until: lock.Until.AddDate(5, 0, 0)}
	check(store.Extend(ctx, stored.Ref, longer))
	fmt.Println("shorter is refused:", errors.Is(store.Extend(ctx, stored.Ref, lock), worm.ErrWouldWeaken))
	check(store.SetLegalHold(ctx, stored.Ref, true))
	state, err := store.State(ctx, stored.Ref)
	check(err)
	fmt.Println(state.Lock)
	// Output:
	// shorter is refused: true
	// compliance until 2033-08-05T00:00:00Z, legal hold
}

// What can be derived anew is stored many at once, and each says what became of it.
func ExampleStore_PutAll() {
	ctx := context.Background()
	store, err := worm.New(ctx, memworm.New())
	check(err)
	defer store.Close()
	errs := store.PutAll(ctx, []worm.Small{
		{Key: "log/by/packet/pp-7/1.json", Body: []byte("{}")},
		{Key: "log/by/packet/pp-8/2.json", Body: []byte("{}")},
	})
	fmt.Println(errors.Join(errs...))
	for e, err := range store.List(ctx, "log/by/") {
		check(err)
		fmt.Println(e.Ref.Key, e.Size)
	}
	// Output:
	// <nil>
	// log/by/packet/pp-7/1.json 2
	// log/by/packet/pp-8/2.json 2
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
