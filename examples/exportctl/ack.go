package main

import (
	"strings"

	"github.com/holdfast-archive/holdfast/linkage"
)

// ackFlag is a link_owner_ack in a flag: who answers for it, and as what.
type ackFlag linkage.Ack

// String implements pflag.Value.
func (a *ackFlag) String() string {
	if *a == (ackFlag{}) {
		return ""
	}
	return linkage.Ack(*a).String()
}

// Set implements pflag.Value.
func (a *ackFlag) Set(s string) error {
	at := strings.IndexAny(s, ":/")
	if at < 0 {
		return wrongUse("%q does not say as what and who: write 'incident-commander: name'", s)
	}
	*a = ackFlag{Role: linkage.Role(strings.TrimSpace(s[:at])), Name: strings.TrimSpace(s[at+1:])}
	return nil
}

// Type implements pflag.Value.
func (a *ackFlag) Type() string { return "ROLE:NAME" }
