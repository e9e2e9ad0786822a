package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// filled is a bucket with two exports, of which one is linked and both are held.
func filled(t *testing.T) session {
	t.Helper()
	s := newSession(t)
	s.run(exitDone, "export", samplePackets+"packet-00", samplePackets+"packet-03")
	s.run(exitDone, "link", "--row", "2", "--incident", "INC-2888", "--rollback", "rb-1", "--summary", "crashes", "--ack", "release-ops: on-call lead")
	s.run(exitDone, "hold", "--all", "--matter", "CASE-7", "--reason", "claim", "--by", "legal/counsel")
	return s
}

// completed are the candidates that a shell is given, and what else it is told.
func completed(t *testing.T, args ...string) (candidates []string, directive string) {
	t.Helper()
	status, out, _ := askOnce(t, append([]string{"__complete"}, args...)...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	last := len(lines) - 1
	if status != exitDone || !strings.HasPrefix(lines[last], ":") {
		t.Fatalf("%q: exit status %d, %q", args, status, out)
	}
	return lines[:last], lines[last]
}

const (
	noFiles = ":4"
	inOrder = ":36" // and no files
)

func TestCompletion(t *testing.T) {
	filled(t)
	for _, c := range []struct {
		args      []string
		directive string
		want      []string
	}{
		{[]string{"show", "pp-20260805"}, noFiles, []string{"pp-20260805-ギルド-0006"}},
		{[]string{"prove", "INC"}, noFiles, []string{"INC-2888"}},
		{[]string{"lineage", "rb"}, noFiles, []string{"rb-1"}},
		{[]string{"pack", "no"}, noFiles, nil},
		{[]string{"confirm", "pp-1", ""}, noFiles, nil},
		{[]string{"find", "--packet", ""}, noFiles, []string{"pp-20260804-ECONOMY-0001", "pp-20260805-ギルド-0006"}},
		{[]string{"hold", "--incident", ""}, noFiles, []string{"INC-2888"}},
		{[]string{"find", "--rollback="}, noFiles, []string{"rb-1"}},
		{[]string{"extend", "--to-class", ""}, noFiles, []string{"standard", "extended", "regulated"}},
		{[]string{"correct", ""}, inOrder, []string{"5", "4", "3", "2", "1"}},
		{[]string{"lineage", "--row", "2"}, inOrder, []string{"2"}},
		{[]string{"completion", "z"}, noFiles, []string{"zsh"}},
	} {
		got, directive := completed(t, c.args...)
		for i, g := range got {
			got[i], _, _ = strings.Cut(g, "\t")
		}
		if !slices.Equal(got, c.want) || directive != c.directive {
			t.Errorf("%q: %q %s, want %q %s", c.args, got, directive, c.want, c.directive)
		}
	}
	if rows, _ := completed(t, "correct", "3"); len(rows) != 1 || rows[0] != "3\tlink pp-20260805-ギルド-0006: INC-2888, rb-1" {
		t.Errorf("%q", rows)
	}
	if batches, _ := completed(t, "find", "--batch", "eb-"); len(batches) != 1 || !strings.HasPrefix(batches[0], "eb-2026") {
		t.Errorf("%q", batches)
	}
}

// A bucket that is not there, not named or silent completes nothing, and says nothing that
// a shell would take for a candidate.
func TestCompletionWithoutBucket(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	defer func(kept time.Duration) { tabTime = kept }(tabTime)
	tabTime = 300 * time.Millisecond
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	s3 := "s3://b?region=us-east-1&use_path_style=true&endpoint=http://"
	for _, bucket := range []string{"", "no-url", "file://" + filepath.ToSlash(t.TempDir()) + "/absent", s3 + "127.0.0.1:1", s3 + silent.Addr().String()} {
		t.Setenv("HOLDFAST_BUCKET", bucket)
		begun := time.Now()
		if got, _ := completed(t, "show", "pp"); len(got) > 0 {
			t.Errorf("%s: completed by %q", bucket, got)
		}
		t.Logf("%q took %v", bucket, time.Since(begun).Round(time.Millisecond))
	}
	t.Setenv("HOLDFAST_TIMEOUT", "soon") // an environment that no command takes
	if status, out, _ := askOnce(t, "__complete", "show", "pp"); status != exitWrongUse || out != "" {
		t.Errorf("exit status %d, %q", status, out)
	}
}

// The scripts are such as the shells take.
func TestCompletionScripts(t *testing.T) {
	dir := t.TempDir()
	for _, shell := range shells {
		status, out, errs := askOnce(t, "completion", shell)
		if status != exitDone || !strings.Contains(out, "exportctl") || errs != "" {
			t.Fatal(shell, status, errs)
		}
		script := filepath.Join(dir, shell)
		if err := os.WriteFile(script, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := exec.LookPath(shell); err != nil || shell == "powershell" {
			continue
		}
		if out, err := exec.CommandContext(t.Context(), shell, "-n", script).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", shell, err, out)
		}
	}
	if status, _, errs := askOnce(t, "completion", "tcsh"); status != exitWrongUse || !strings.Contains(errs, "powershell") {
		t.Error(status, errs)
	}
}

// In bash the tab key gives what is in the bucket.
func TestCompletionInBash(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("SKIPPED: bash is not here")
	}
	filled(t)
	const tab = `source <(exportctl completion bash)
		_get_comp_words_by_ref() { words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]}; } # of bash-completion
		COMP_WORDS=(exportctl "$@") COMP_CWORD=$# COMP_LINE="exportctl $*" COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMP_KEY=9
		__start_exportctl; printf '%s\n' "${COMPREPLY[@]}"`
	for _, c := range []struct {
		typed []string
		want  string
	}{
		{[]string{"show", "pp-20260805"}, "pp-20260805-ギルド-0006\n"},
		{[]string{"prove", "INC"}, "INC-2888\n"},
		{[]string{"rev"}, "review-holds\n"},
	} {
		out, err := exec.CommandContext(t.Context(), "bash", append([]string{"-c", tab, "tab"}, c.typed...)...).Output() // that compopt is not called by a shell at its prompt is an error to no one
		if got := strings.TrimRight(string(out), " \n") + "\n"; err != nil || got != c.want {
			t.Errorf("%q gives %q: %v", c.typed, out, err)
		}
	}
}
