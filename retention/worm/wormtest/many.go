package wormtest

import (
	"fmt"
	"slices"
	"sync"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// many puts objects together, as [worm.Store.PutAll] has it, in whichever way the driver
// does so.
func many(s *suite) {
	s.mustPut("taken/same", "same", retention.Lock{})
	s.mustPut("taken/other", "mine", retention.Lock{})
	var objects []worm.Small
	wants := []error{nil, worm.ErrExists, worm.ErrBadKey}
	for i, key := range []string{"taken/same", "taken/other", "a/.hidden"} {
		objects = append(objects, worm.Small{Key: key, Body: []byte([]string{"same", "other", "bad"}[i])})
	}
	for _, key := range hostile {
		objects, wants = append(objects, worm.Small{Key: key, Body: []byte("body of " + key)}), append(wants, nil)
	}
	for _, key := range []string{"many/here/1", "many/there/1", "many/there/2"} {
		objects, wants = append(objects, worm.Small{Key: key, Body: []byte("one body"), ContentType: "text/plain"}), append(wants, nil)
	}
	objects, wants = append(objects, worm.Small{Key: "many/empty"}), append(wants, nil)
	for range 2 { // it is the same the second time
		for i, err := range s.store.PutAll(s.Context(), objects) {
			s.wantError("put with others "+objects[i].Key, err, wants[i])
		}
		for i, o := range objects {
			if wants[i] == nil {
				s.wantBody(s.store, worm.Ref{Key: o.Key}, string(o.Body))
			}
		}
		s.wantBody(s.store, worm.Ref{Key: "taken/other"}, "mine")
		if got := s.list("many/"); !slices.Equal(got, []string{"many/empty", "many/here/1", "many/there/1", "many/there/2"}) {
			s.Errorf("listed %q", got)
		}
	}
}

// manyRace has writers put other bytes under the same keys at once: each key holds one
// writer's, who alone is told so.
func manyRace(s *suite) {
	const writers, keys = 4, 25
	won := make([][]error, writers)
	var wg sync.WaitGroup
	for w := range writers {
		var objects []worm.Small
		for k := range keys {
			objects = append(objects, worm.Small{Key: fmt.Sprintf("race/%d/k", k), Body: fmt.Append(nil, w)})
		}
		wg.Go(func() { won[w] = s.store.PutAll(s.Context(), objects) })
	}
	wg.Wait()
	for k := range keys {
		winners := 0
		for w := range writers {
			if won[w][k] == nil {
				winners++
				s.wantBody(s.store, worm.Ref{Key: fmt.Sprintf("race/%d/k", k)}, fmt.Sprint(w))
			} else {
				s.wantError("the loser", won[w][k], worm.ErrExists)
			}
		}
		if winners != 1 {
			s.Errorf("key %d was won by %d writers: %v", k, winners, won)
		}
	}
}
