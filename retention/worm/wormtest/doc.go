// Package wormtest tests drivers of package worm, and what is built on them.
//
// [Conformance] is the suite that every driver must pass. A third party tests
// their own like this:
//
//	func TestConformance(t *testing.T) {
//		wormtest.Conformance(t, func(t *testing.T) wormtest.Fixture {
//			open := func() *worm.Store {
//				store, err := worm.Open(t.Context(), "mine://bucket")
//				if err != nil {
//					t.Fatal(err)
//				}
//				return store
//			}
//			return wormtest.Fixture{Store: open(), Reopen: open}
//		})
//	}
//
// It asks of a driver what its bucket's capabilities promise, and no more: where
// retention is absent, it asks that locks are refused.
//
// [Cloud] runs the same suite on a real bucket, [Crowd] has many writers fight over
// the same keys, and [Roles] are what exporters, readers, hold officers, auditors
// and replicators do, to compare with what they are permitted.
//
// [Faulty] makes any driver fail in the ways that networks and processes do, at
// a write of the caller's choice. Package faultproxy does the same to a real
// server's network, and package servers starts such servers.
package wormtest
