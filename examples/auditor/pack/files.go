package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

const maxFile = 64 << 20 // of what is held in memory; packet and exhibits are streamed

// unchanged holds every file to SHA256SUMS: none changed, none missing, none added.
func unchanged(pack fs.FS) error {
	listed, err := read(pack, "SHA256SUMS")
	if err != nil {
		return err
	}
	want := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(listed)); lines.Scan(); {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok {
			return fmt.Errorf("SHA256SUMS: %q is no line of it", lines.Text())
		}
		want[strings.TrimPrefix(name, "./")] = sum
	}
	err = fs.WalkDir(pack, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == "SHA256SUMS" {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is no plain file", name)
		}
		sum, err := digest(pack, name)
		if err == nil && sum != want[name] {
			err = fmt.Errorf("%s was changed or added", name)
		}
		delete(want, name)
		return err
	})
	for name := range want {
		err = errors.Join(err, fmt.Errorf("%s is missing", name))
	}
	return err
}

// trusted holds the keys in the pack to the fingerprints that the reader has.
func trusted(pack fs.FS, fingerprints []string) error {
	keys, err := fs.Glob(pack, "keys/*.pub.pem")
	if err != nil {
		return err
	}
	for _, key := range keys {
		b, err := read(pack, key)
		if err != nil {
			return err
		}
		block, _ := pem.Decode(b)
		if block == nil {
			return fmt.Errorf("%s is no PEM file", key)
		}
		if f := fmt.Sprintf("%x", sha256.Sum256(block.Bytes)); !slices.Contains(fingerprints, f) {
			return fmt.Errorf("%s has the fingerprint %s, which you did not name", key, f)
		}
	}
	return nil
}

// evidence returns the digests of the packet and its exhibits, sorted.
func evidence(pack fs.FS) (sums []string, err error) {
	err = fs.WalkDir(pack, "packet", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		sum, err := digest(pack, name)
		sums = append(sums, sum)
		return err
	})
	slices.Sort(sums)
	return sums, err
}

func digest(pack fs.FS, name string) (string, error) {
	f, err := pack.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

func read(pack fs.FS, name string) ([]byte, error) {
	f, err := pack.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("%s takes more than %d bytes", name, maxFile)
	}
	return b, err
}
