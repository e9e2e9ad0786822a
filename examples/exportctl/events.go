package main

import (
	"fmt"
	"iter"
	"os"

	"github.com/spf13/pflag"

	"github.com/holdfast-archive/holdfast/linkage"
)

// eventFlags name a file of what production saw.
type eventFlags struct {
	file     string
	cdevents bool
}

func (e *eventFlags) add(f *pflag.FlagSet) {
	f.StringVar(&e.file, "events", "", "what production saw, a `FILE` of JSON lines: deploys, incidents, rollbacks")
	f.BoolVar(&e.cdevents, "cdevents", false, "the events are CDEvents")
}

// recorded returns the events of the file; nil where none is named.
func (e eventFlags) recorded() (linkage.Recorded, error) {
	switch {
	case e.file == "" && e.cdevents:
		return nil, wrongUse("--cdevents says of what form --events are: give those too")
	case e.file == "":
		return nil, nil
	}
	if _, err := os.Stat(e.file); err != nil {
		return nil, fmt.Errorf("--events: %w", err)
	}
	if e.cdevents {
		return cdEventFile(e.file), nil
	}
	return linkage.EventFile(e.file), nil
}

// all returns the events as a lineage or a pack takes them: nil where there are none.
func (e eventFlags) all() (iter.Seq2[linkage.Event, error], error) {
	recorded, err := e.recorded()
	if recorded == nil {
		return nil, err
	}
	return recorded(), nil
}

// cdEventFile is linkage.EventFile of CDEvents.
func cdEventFile(path string) linkage.Recorded {
	return func() iter.Seq2[linkage.Event, error] {
		return func(yield func(linkage.Event, error) bool) {
			f, err := os.Open(path)
			if err != nil {
				yield(linkage.Event{}, err)
				return
			}
			defer f.Close()
			for e, err := range linkage.ReadCDEvents(f) {
				if !yield(e, err) {
					return
				}
			}
		}
	}
}
