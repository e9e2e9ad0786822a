package wormtest

import (
	"testing"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Store opens a store over a driver. Whoever closes it closes the driver.
func Store(t testing.TB, d worm.Driver) *worm.Store {
	t.Helper()
	s, err := worm.New(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
