package servers

import "syscall"

// diesWithParent ends a server whose test process was killed.
func diesWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
