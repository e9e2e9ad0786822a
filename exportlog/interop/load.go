package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// appendFunc adds one line to some log and returns when it is durable there.
type appendFunc func(ctx context.Context, id string) error

// result is what callers experienced who each appended line after line.
type result struct {
	rows     int
	took     time.Duration // until the last was acknowledged
	settled  time.Duration // until everything derived was written, too
	p99      time.Duration
	fairness float64 // Jain's index over what callers got in: 1 is perfectly fair
}

func (r result) perSecond() float64        { return float64(r.rows) / r.took.Seconds() }
func (r result) perSecondSettled() float64 { return float64(r.rows) / r.settled.Seconds() }

// drive has callers append for a while, and then settles.
func drive(ctx context.Context, appends []appendFunc, callers int, duration time.Duration, settle func() error) (result, error) {
	started := time.Now()
	counts := make([]float64, callers)
	latencies := make([][]time.Duration, callers)
	failures := make([]error, callers)
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := 0; time.Since(started) < duration; i++ {
				began := time.Now()
				if failures[c] = appends[c%len(appends)](ctx, fmt.Sprintf("%d-%d", c, i)); failures[c] != nil {
					return
				}
				counts[c]++
				latencies[c] = append(latencies[c], time.Since(began))
			}
		})
	}
	wg.Wait()
	r := result{took: time.Since(started)}
	for _, err := range append(failures, settle()) {
		if err != nil {
			return r, err
		}
	}
	r.settled = time.Since(started)
	all := slices.Concat(latencies...)
	slices.Sort(all)
	r.rows, r.p99, r.fairness = len(all), all[len(all)*99/100], jain(counts)
	return r, nil
}

// jain is Jain's fairness index.
func jain(counts []float64) float64 {
	var sum, squares float64
	for _, n := range counts {
		sum += n
		squares += n * n
	}
	return sum * sum / (float64(len(counts)) * squares)
}
