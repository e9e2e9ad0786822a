package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/exportlog"
)

var errUnnoticed = errors.New("that was not noticed, and should have been")

// flip changes one byte of a packet: somebody would rather the gate had never been
// yellow.
func (s *show) flip(ctx context.Context) error {
	s.heading("2  Change one byte")
	object, err := s.packetOf(ctx, theOne)
	if err != nil {
		return err
	}
	before, after := []byte(`"consecutive_yellow_windows": 2`), []byte(`"consecutive_yellow_windows": 0`)
	s.say("In %s, %s becomes %s.", hashes(object), before, after[len(after)-1:])
	return s.during(ctx, func() error {
		err := s.undo.harm(object, func(path string) error {
			b, err := os.ReadFile(path)
			if err == nil && !bytes.Contains(b, before) {
				err = fmt.Errorf("%s has no %s: its folder below %s was changed; to start over, remove %s", object, before, s.path("packets"), s.home)
			}
			if err != nil {
				return err
			}
			return errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, bytes.Replace(b, before, after, 1), 0o644))
		})
		if err != nil {
			return err
		}
		return s.noticed(s.look(ctx))
	})
}

// packetOf returns the object that an export's packet lies in.
func (s *show) packetOf(ctx context.Context, id string) (object string, err error) {
	err = s.asAuditor(ctx, func(a *archive.Archive) error {
		rows, err := a.Log().Find(ctx, exportlog.Query{PromotionPacketID: id})
		if err != nil {
			return err
		}
		u, err := url.Parse(rows[0].ArchiveURI)
		if err != nil {
			return err
		}
		object, err = filepath.Rel(s.bucket(), filepath.FromSlash(u.Path))
		return err
	})
	return object, err
}

// noticed prints the exit status that the harm leads to. That there is none would be
// the end of the show.
func (s *show) noticed(_ archive.Report, err error) error {
	if err == nil {
		return errUnnoticed
	}
	if errors.Is(err, errNoticed) {
		s.say("exit status %d", status(err))
		return nil
	}
	return err
}

// cutOff removes the newest row, first as a clumsy thief would, then as a thorough
// one.
func (s *show) cutOff(ctx context.Context) error {
	s.heading("3  Cut off the newest row")
	return s.during(ctx, func() error {
		commit, err := s.newestCommit()
		if err != nil {
			return err
		}
		s.say("%s is removed.", commit)
		if err := s.undo.harm(commit, os.Remove); err != nil {
			return err
		}
		report, err := s.look(ctx)
		if err := s.noticed(report, err); err != nil {
			return err
		}
		removed, err := s.thoroughly(ctx, report)
		if err != nil {
			return err
		}
		_, alone := s.look(ctx)
		s.say("A thorough thief takes all of these along: %s. By itself the bucket now looks whole, exit status %d.\n"+
			"No directory can help that. A checkpoint that is kept outside does, or a second copy:", files(removed), status(alone))
		return s.noticed(report, s.continues(ctx))
	})
}

// newestCommit returns the object that holds the newest rows.
func (s *show) newestCommit() (string, error) {
	commits, err := filepath.Glob(s.file("log/commits/*/*/*/*.jsonl")) // sorted
	if err == nil && len(commits) == 0 {
		err = errors.New("the log has no commits")
	}
	if err != nil {
		return "", err
	}
	return filepath.Rel(s.bucket(), commits[len(commits)-1])
}

// thoroughly removes what a report names, and what the next one names, until none
// names anything.
func (s *show) thoroughly(ctx context.Context, report archive.Report) (removed int, err error) {
	quiet := *s
	quiet.page = page{io.Discard}
	for round := 0; len(report.Findings) > 0; round++ {
		if round == 5 {
			return removed, fmt.Errorf("something still knows of the row: %s", report.Findings[0])
		}
		for _, f := range report.Findings {
			for _, object := range []string{f.Object, lockRecord(f.Object)} {
				if _, err := os.Stat(s.file(object)); err != nil {
					continue // named twice
				}
				if err := s.undo.harm(object, os.Remove); err != nil {
					return removed, err
				}
				removed++
			}
		}
		if report, err = quiet.look(ctx); err != nil && !errors.Is(err, errNoticed) {
			return removed, err
		}
	}
	return removed, nil
}

// lockRecord is where a directory keeps the lock of an object.
func lockRecord(object string) string {
	folder, name := filepath.Split(object)
	return folder + "." + name + ".lock"
}

// during does harm, and puts it right whatever comes of it.
func (s *show) during(ctx context.Context, harm func() error) error {
	err := harm()
	put, mendErr := s.undo.mend()
	if err := errors.Join(err, mendErr); err != nil {
		return err
	}
	s.say("Put right, from a copy: %s.", files(put))
	return s.audit(ctx)
}
