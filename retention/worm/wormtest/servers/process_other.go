//go:build !linux

package servers

import "syscall"

func diesWithParent() *syscall.SysProcAttr { return nil }
