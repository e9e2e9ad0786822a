package main

import (
	"io"
	"log/slog"
	"os"
	"strings"
)

// hush keeps what the clouds' clients print by themselves, warnings and advice, out of
// results and messages: it is shown with --verbose. What counts of it comes as an error
// as well. It returns the streams as they were.
func hush() (out, errs *os.File, err error) {
	said, client, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	out, errs = os.Stdout, os.Stderr
	os.Stdout, os.Stderr = client, client
	go func() {
		// It ends with the process.
		_, _ = io.Copy(chatter{}, said)
	}()
	return out, errs, nil
}

// chatter logs what is written to it.
type chatter struct{}

func (chatter) Write(said []byte) (int, error) {
	slog.Debug("a client says", "text", strings.TrimSpace(string(said)))
	return len(said), nil
}
