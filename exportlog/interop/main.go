package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"k8s.io/klog/v2"

	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/fileworm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
	"github.com/holdfast-archive/holdfast/retention/worm/wormtest"
)

func main() {
	duration := flag.Duration("for", 10*time.Second, "how long each is measured")
	flag.Parse()
	klog.LogToStderr(false) // Tessera's; the table is all that is wanted
	klog.SetOutput(io.Discard)
	if err := run(context.Background(), *duration); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, duration time.Duration) error {
	dir, err := os.MkdirTemp("", "interop")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) // and nothing before: whoever is measured next would pay for it
	fmt.Println("| a local directory, synced | callers | rows/s | p99 | beside Tessera | rows/s with all that is derived | beside Tessera |")
	fmt.Println("|---|---|---|---|---|---|---|")
	for _, callers := range []int{64, 1024} {
		theirs, err := inDirectory(dir, func(dir string) (appendFunc, func() error, error) { return tesseraPOSIX(ctx, dir) }, ctx, callers, duration)
		if err != nil {
			return err
		}
		print("Tessera v1.0.4, POSIX, defaults", callers, theirs, theirs)
		ours, err := inDirectory(dir, func(dir string) (appendFunc, func() error, error) { return openDirectory(ctx, dir) }, ctx, callers, duration)
		if err != nil {
			return err
		}
		print("**exportlog on fileworm**", callers, ours, theirs)
		index, err := inDirectory(dir, bare, ctx, callers, duration)
		if err != nil {
			return err
		}
		print("the files of such an index, bare", callers, index, theirs)
	}
	theirs, err := inDirectory(dir, func(dir string) (appendFunc, func() error, error) { return rewrite(dir), noSettling, nil }, ctx, 1, duration)
	if err != nil {
		return err
	}
	print("one JSONL object, rewritten", 1, theirs, result{})

	fmt.Println("\n| a store that takes 20 ms a request | callers | rows/s | p99 | fairness | requests a row |")
	fmt.Println("|---|---|---|---|---|---|")
	for _, callers := range []int{1, 64} {
		object := &remote{}
		r, err := drive(ctx, []appendFunc{object.add}, callers, duration, noSettling)
		if err != nil {
			return err
		}
		printRemote("one JSONL object, rewritten if unchanged", callers, r, object.requests)
	}
	for _, c := range []struct{ callers, logs int }{{1, 1}, {64, 1}, {1024, 1}, {64, 64}} {
		if err := overNetwork(ctx, c.callers, c.logs, duration); err != nil {
			return err
		}
	}
	return nil
}

func noSettling() error { return nil }

func print(name string, callers int, r, beside result) {
	acknowledged, settled := "-", "-"
	if beside.took > 0 {
		acknowledged = fmt.Sprintf("%.1fx", r.perSecond()/beside.perSecond())
		settled = fmt.Sprintf("%.1fx", r.perSecondSettled()/beside.perSecond())
	}
	fmt.Printf("| %s | %d | %.0f | %s | %s | %.0f | %s |\n", name, callers, r.perSecond(), r.p99.Round(time.Millisecond), acknowledged, r.perSecondSettled(), settled)
}

func printRemote(name string, callers int, r result, requests int) {
	fmt.Printf("| %s | %d | %.0f | %s | %.2f | %.1f |\n", name, callers, r.perSecond(), r.p99.Round(time.Millisecond), r.fairness, float64(requests)/float64(r.rows))
}

// inDirectory measures a log in a new directory below another.
func inDirectory(below string, open func(dir string) (appendFunc, func() error, error), ctx context.Context, callers int, duration time.Duration) (result, error) {
	dir, err := os.MkdirTemp(below, "log")
	if err != nil {
		return result{}, err
	}
	add, settle, err := open(dir)
	if err != nil {
		return result{}, err
	}
	return drive(ctx, []appendFunc{add}, callers, duration, settle)
}

func openDirectory(ctx context.Context, dir string) (appendFunc, func() error, error) {
	driver, err := fileworm.New(dir)
	if err != nil {
		return nil, nil, err
	}
	store, err := worm.New(ctx, driver)
	if err != nil {
		return nil, nil, err
	}
	add, settle := holdfast(store)
	return add, settle, nil
}

// overNetwork measures some logs of one bucket, each as a process of its own would
// have it.
func overNetwork(ctx context.Context, callers, logs int, duration time.Duration) error {
	bucket := memworm.New()
	var appends []appendFunc
	var closes []func() error
	var meters []*wormtest.Metered
	for range logs {
		m := &wormtest.Metered{Driver: bucket, Latency: latency}
		store, err := worm.New(ctx, m)
		if err != nil {
			return err
		}
		add, settle := holdfast(store)
		appends, closes, meters = append(appends, add), append(closes, settle), append(meters, m)
	}
	r, err := drive(ctx, appends, callers, duration, func() error {
		for _, settle := range closes {
			if err := settle(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var requests int
	for _, m := range meters {
		requests += m.Requests().Sum()
	}
	name := "exportlog, one process"
	if logs > 1 {
		name = "exportlog, as many processes"
	}
	printRemote(name, callers, r, requests)
	return nil
}
