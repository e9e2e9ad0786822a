//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package fileworm

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

const errNotFolder = syscall.ENOTDIR

func supported() error {
	return fmt.Errorf("%w: a directory on %s has no flock; use a cloud bucket", worm.ErrUnsupported, runtime.GOOS)
}

func waitLock(*os.File) error { return supported() }
func tryLock(*os.File) error  { return supported() }
