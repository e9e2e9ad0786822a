package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/holdfast-archive/holdfast/linkage"
)

// incident is what a pager or a ticket system says went wrong.
type incident struct {
	ID                string // as its own system calls it, and as its comments are addressed
	Title             string
	PromotionPacketID string       // if it says
	Clue              linkage.Clue // otherwise: what was deployed
}

// errNotOurs: the event is none that begins an incident. There is nothing to do.
var errNotOurs = errors.New("not an incident that begins")

// signed reports whether a header has the HMAC-SHA256 of the body. While a secret is
// being changed there are several, separated by commas; one that fits is enough.
func signed(secret string, body []byte, header, prefix string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	want := mac.Sum(nil)
	for part := range strings.SplitSeq(header, ",") {
		hexed, ok := strings.CutPrefix(strings.TrimSpace(part), prefix)
		got, err := hex.DecodeString(hexed)
		if ok && err == nil && hmac.Equal(got, want) {
			return true
		}
	}
	return false
}
