package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// logged checks that the log's key signed a checkpoint, and that each row is in the log
// whose size and root the checkpoint has.
func logged(pack fs.FS, rows []row) error {
	key, err := publicKey(pack, "keys/checkpoint.pub.pem")
	if err != nil {
		return err
	}
	size, root, err := checkpoint(pack, key)
	if err != nil {
		return err
	}
	for _, r := range rows {
		var proof struct {
			Hashes []string `json:"hashes"`
		}
		b, err := read(pack, r.proof)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(b, &proof); err != nil {
			return fmt.Errorf("%s: %w", r.proof, err)
		}
		if err := included(r.line, r.ExportRowID-1, size, proof.Hashes, root); err != nil {
			return fmt.Errorf("row %d: %w", r.ExportRowID, err)
		}
		fmt.Printf("row %d of %d: %s, recorded %s\n", r.ExportRowID, size, r.Kind, r.RecordedAtUTC)
	}
	return nil
}

// checkpoint reads a C2SP tlog-checkpoint: a note of the log's name, its size and its
// root, an empty line, and signatures by key name, each after four bytes of the key's
// hash (C2SP signed-note).
func checkpoint(pack fs.FS, key any) (size uint64, root []byte, err error) {
	b, err := read(pack, "checkpoint")
	if err != nil {
		return 0, nil, err
	}
	text, signatures, ok := strings.Cut(string(b), "\n\n")
	lines := strings.Split(text, "\n")
	pub, isEd25519 := key.(ed25519.PublicKey)
	if !ok || !isEd25519 || len(lines) < 3 {
		return 0, nil, errors.New("no signed note of a log, or no Ed25519 key")
	}
	name, typed := lines[0], append([]byte{1}, pub...) // 1 is Ed25519
	hash := sha256.Sum256(append([]byte(name+"\n"), typed...))
	vkey, err := read(pack, "keys/checkpoint.vkey")
	if want := fmt.Sprintf("%s+%x+%s", name, hash[:4], base64.StdEncoding.EncodeToString(typed)); err != nil || strings.TrimSpace(string(vkey)) != want {
		return 0, nil, errors.New("keys/checkpoint.vkey is another key")
	}
	valid := false
	for line := range strings.Lines(signatures) {
		sig, err := base64.StdEncoding.DecodeString(strings.TrimSpace(strings.TrimPrefix(line, "— "+name+" ")))
		valid = valid || err == nil && bytes.HasPrefix(sig, hash[:4]) && ed25519.Verify(pub, []byte(text+"\n"), sig[4:])
	}
	if !valid {
		return 0, nil, errors.New("the log's key did not sign it")
	}
	if size, err = strconv.ParseUint(lines[1], 10, 63); err != nil {
		return 0, nil, err
	}
	root, err = base64.StdEncoding.DecodeString(lines[2])
	return size, root, err
}

// included follows an inclusion proof from a leaf up to the root, as in RFC 9162,
// section 2.1.3.2.
func included(line []byte, at, size uint64, proof []string, root []byte) error {
	if at >= size {
		return fmt.Errorf("the log had %d rows", size)
	}
	last := size - 1
	hash := node(0, line)
	for _, p := range proof {
		other, err := hex.DecodeString(p)
		if err != nil {
			return err
		}
		if last == 0 {
			return errors.New("the proof is too long")
		}
		if at&1 == 1 || at == last {
			hash = node(1, other, hash)
			for at&1 == 0 && at != 0 {
				at, last = at>>1, last>>1
			}
		} else {
			hash = node(1, hash, other)
		}
		at, last = at>>1, last>>1
	}
	if last != 0 || !bytes.Equal(hash, root) {
		return errors.New("it is not in the log that was signed")
	}
	return nil
}

// node hashes a leaf (0) or two nodes (1), each with its prefix: RFC 6962, section 2.1.
func node(prefix byte, parts ...[]byte) []byte {
	h := sha256.New()
	h.Write([]byte{prefix})
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}
