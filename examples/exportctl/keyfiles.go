package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// maxKeyBytes bounds a key's file.
const maxKeyBytes = 64 << 10

// readNoteKey reads a key of the log: from its private file, beside which the public one
// lies, or from the public one alone.
func readNoteKey(path string) (private, public string, err error) {
	if !strings.HasSuffix(path, ".pub") {
		if private, err = readKeyLine(path); err != nil {
			return "", "", err
		}
		if !strings.HasPrefix(private, "PRIVATE+KEY+") {
			return "", "", fmt.Errorf("%s is no private key of a log: `exportctl keys create` makes one", path)
		}
		path += ".pub"
	}
	public, err = readKeyLine(path)
	return private, public, err
}

func readKeyLine(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Size() > maxKeyBytes {
		return "", fmt.Errorf("%s has %d bytes: that is no key", path, info.Size())
	}
	b, err := os.ReadFile(path)
	return string(bytes.TrimSpace(b)), err
}
