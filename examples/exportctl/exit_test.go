package main

import (
	"fmt"
	"strings"
	"testing"
)

// Scripts branch on these, and the README promises them: they are never changed.
func TestExitStatusesAreStable(t *testing.T) {
	_, help, _ := askOnce(t, "--help")
	for status, begins := range map[int]string{
		0: "done", 1: "the evidence, the log or a comparison", 2: "refused before anything was written", 3: "all is there, but something was late",
		4: "the bucket or the key could not be reached", 5: "NOT exported: the packet waits", 6: "partly done, or not known", 7: "no such export", 130: "interrupted",
	} {
		if !strings.Contains(help, fmt.Sprintf("%3d  %s", status, begins)) {
			t.Errorf("--help does not say that %d is %q", status, begins)
		}
	}
	if len(exitMeanings) != 9 {
		t.Errorf("there are %d statuses: list the new one here", len(exitMeanings))
	}
}
