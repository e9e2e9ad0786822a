//go:build unix && !linux

package fileworm

import "errors"

func killedTogetherJob() error { return errors.New("objects are put one by one here") }
