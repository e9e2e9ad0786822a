//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package fileworm

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// errNotFolder is what looking below a file gives.
const errNotFolder = syscall.ENOTDIR

func supported() error { return nil }

// waitLock waits for the exclusive lock on a file, which ends when it is closed or
// its process dies.
func waitLock(f *os.File) error { return flock(f, syscall.LOCK_EX) }

// tryLock takes the exclusive lock or fails at once.
func tryLock(f *os.File) error { return flock(f, syscall.LOCK_EX|syscall.LOCK_NB) }

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		return nil
	}
}
