package wormtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/worm"
)

// Fault is a way for a write to fail.
type Fault int

// The faults.
const (
	None            Fault = iota
	RefuseBefore          // refused, and nothing was stored
	ConflictBefore        // refused for another writer's sake, and nothing was stored
	LostBefore            // no answer, and nothing was stored
	LostAfter             // no answer, but it was stored
	LostThenRefused       // stored, the reply lost, and the retry below us told that the key is taken
	DelayedPastRead       // no answer; stored only after the next look has seen nothing
)

// Faults returns all faults but None.
func Faults() []Fault {
	return []Fault{RefuseBefore, ConflictBefore, LostBefore, LostAfter, LostThenRefused, DelayedPastRead}
}

func (f Fault) String() string {
	return [...]string{"none", "refused before", "conflict before", "lost before", "lost after", "lost then refused", "delayed past read"}[f]
}

// Sometimes plans a fault for one write in ten, as chance has it.
func Sometimes(fault Fault) func(Op) Fault {
	return func(Op) Fault {
		if rand.IntN(10) == 0 {
			return fault
		}
		return None
	}
}

// ErrInjected is matched by every error that a Faulty makes up.
var ErrInjected = errors.New("injected fault")

// Op is one write.
type Op struct {
	Name string // create, extend or hold
	Key  string
	N    int // counts a Faulty's writes from 1
}

// Faulty is a driver whose writes fail as planned. Its fields are set before it
// is used; its methods are as safe for concurrent use as the driver below.
type Faulty struct {
	worm.Driver
	Plan   func(Op) Fault // nil is no faults
	Before func(Op)       // called before a write; may kill the process
	After  func(Op)       // called after a write was applied

	mu      sync.Mutex
	n       int
	delayed map[string]func()
}

// next numbers a write and decides its fault.
func (f *Faulty) next(name, key string) (Op, Fault) {
	f.mu.Lock()
	f.n++
	op := Op{Name: name, Key: key, N: f.n}
	f.mu.Unlock()
	if f.Before != nil {
		f.Before(op)
	}
	if f.Plan == nil {
		return op, None
	}
	return op, f.Plan(op)
}

// Writes returns how many writes there were so far.
func (f *Faulty) Writes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

// inject runs a write with its fault. A delayed write is handed to later.
func (f *Faulty) inject(op Op, fault Fault, write func() error, later func(func())) error {
	apply := func() error {
		err := write()
		if f.After != nil {
			f.After(op)
		}
		return err
	}
	switch fault {
	case RefuseBefore:
		return fmt.Errorf("%w: %s", ErrInjected, fault)
	case ConflictBefore:
		return fmt.Errorf("%w: %w: %s", worm.ErrConflict, ErrInjected, fault)
	case LostBefore:
		return unknown(fault)
	case LostAfter:
		return errors.Join(unknown(fault), apply())
	case LostThenRefused:
		if err := apply(); err != nil {
			return err
		}
		return fmt.Errorf("%w: %w: %s", worm.ErrExists, ErrInjected, fault)
	case DelayedPastRead:
		later(func() { apply() })
		return unknown(fault)
	}
	return apply()
}

func unknown(fault Fault) error {
	return fmt.Errorf("%w: %w: %s", worm.ErrOutcomeUnknown, ErrInjected, fault)
}

// Create implements [worm.Driver].
func (f *Faulty) Create(ctx context.Context, in worm.Creation) (ref worm.Ref, err error) {
	op, fault := f.next("create", in.Key)
	write := func() error {
		ref, err = f.Driver.Create(ctx, in)
		return err
	}
	err = f.inject(op, fault, write, func(write func()) {
		body, _ := io.ReadAll(in.Body) // the caller's reader is gone later
		in.Body, ctx = bytes.NewReader(body), context.WithoutCancel(ctx)
		f.delay(in.Key, write)
	})
	return ref, err
}

// Extend implements [worm.Driver].
func (f *Faulty) Extend(ctx context.Context, ref worm.Ref, to retention.Lock) error {
	op, fault := f.next("extend", ref.Key)
	return f.inject(op, fault, func() error { return f.Driver.Extend(ctx, ref, to) }, func(write func()) { write() })
}

// SetLegalHold implements [worm.Driver].
func (f *Faulty) SetLegalHold(ctx context.Context, ref worm.Ref, on bool) error {
	op, fault := f.next("hold", ref.Key)
	return f.inject(op, fault, func() error { return f.Driver.SetLegalHold(ctx, ref, on) }, func(write func()) { write() })
}

// Open implements [worm.Driver].
func (f *Faulty) Open(ctx context.Context, ref worm.Ref) (io.ReadCloser, error) {
	body, err := f.Driver.Open(ctx, ref)
	f.looked(ref.Key, err)
	return body, err
}

// State implements [worm.Driver].
func (f *Faulty) State(ctx context.Context, ref worm.Ref) (worm.Object, error) {
	o, err := f.Driver.State(ctx, ref)
	f.looked(ref.Key, err)
	return o, err
}

func (f *Faulty) delay(key string, write func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.delayed == nil {
		f.delayed = map[string]func(){}
	}
	f.delayed[key] = write
}

// looked lets a delayed write through, once somebody has seen that it is not there.
func (f *Faulty) looked(key string, err error) {
	if !errors.Is(err, worm.ErrNotFound) {
		return
	}
	f.mu.Lock()
	write := f.delayed[key]
	delete(f.delayed, key)
	f.mu.Unlock()
	if write != nil {
		write()
	}
}
