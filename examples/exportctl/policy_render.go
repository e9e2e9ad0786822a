package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
	"github.com/holdfast-archive/holdfast/retention/policy/render"
)

// renderFlags say where evidence is kept, and what becomes of the documents.
type renderFlags struct {
	output, s3, gcs, azure, prefix, origin string
	check, replace                         bool
}

func (t *tool) policyRenderCommand() *cobra.Command {
	var f renderFlags
	c := &cobra.Command{
		Use:   "render --output DIR",
		Short: "Make the documents that follow from the policy: contract, roles, the bucket's set-up",
		Long: `Render makes what would otherwise be kept by hand: the contract that reviewers sign, the part of
an incident template that names the evidence, and for each cloud that is named what every role
may do, and the bucket's set-up as Terraform and as commands.

The same policy and names give the same bytes. Commit them, and have a pipeline run
render --check, which writes nothing and ends with exit status 1 if a file is missing or differs.

Gotchas: a file that is there and differs is not replaced, unless --replace is given.
Related: policy check`,
		Example: `  exportctl policy render --output docs --s3 release-evidence@eu-west-1 --origin evidence.example.com/release
  exportctl policy render --output docs --gcs release-tooling/release-evidence@europe-west1
  exportctl policy render --output docs --s3 release-evidence@eu-west-1 --check`,
		Args: none,
		RunE: func(*cobra.Command, []string) error { return t.render(f) },
	}
	c.Flags().StringVar(&f.output, "output", "", "the `DIR` that the documents go to; it is made if it is not there")
	c.Flags().StringVar(&f.s3, "s3", "", "evidence is kept in `BUCKET@REGION` of Amazon S3")
	c.Flags().StringVar(&f.gcs, "gcs", "", "evidence is kept in `PROJECT/BUCKET@LOCATION` of Cloud Storage")
	c.Flags().StringVar(&f.azure, "azure", "", "evidence is kept in `SUBSCRIPTION/RESOURCE_GROUP/ACCOUNT/CONTAINER@LOCATION` of Azure")
	c.Flags().StringVar(&f.prefix, "prefix", "", "the `PREFIX` of all keys in these buckets, such as team-a/")
	c.Flags().StringVar(&f.origin, "origin", "", "the `NAME` that the log's checkpoints carry (default: that of --log-key)")
	c.Flags().BoolVar(&f.check, "check", false, "write nothing; exit status 1 if a document is missing or differs")
	c.Flags().BoolVar(&f.replace, "replace", false, "replace documents that differ")
	c.MarkFlagsMutuallyExclusive("check", "replace")
	return c
}

func (t *tool) render(f renderFlags) error {
	if f.output == "" {
		return wrongUse("where do the documents go? Give --output DIR")
	}
	p, err := t.loadPolicy()
	if err != nil {
		return err
	}
	cfg, err := t.renderConfig(f)
	if err != nil {
		return err
	}
	files, err := render.Files(p, cfg)
	if err != nil {
		return usageError{err}
	}
	made := rendered{Output: f.output, Checked: f.check, Documents: make([]renderedFile, len(files))}
	for i, file := range files {
		if made.Documents[i], err = lookAt(f.output, file); err != nil {
			return err
		}
	}
	if !f.check {
		if err := made.write(files, f.replace); err != nil {
			return err
		}
	}
	if err := t.screen.Show(made, made.draw); err != nil {
		return err
	}
	if f.check && !made.settled() {
		return verdict{exitFindings}
	}
	return nil
}

// renderConfig says where evidence is kept, by the flags.
func (t *tool) renderConfig(f renderFlags) (render.Config, error) {
	cfg := render.Config{LogOrigin: f.origin, PolicyFile: t.shared.policy}
	if f.origin == "" {
		key, err := t.checkpointKey()
		if err != nil {
			return cfg, err
		}
		if key != nil {
			cfg.LogOrigin = originOf(key)
		}
	}
	if f.s3 != "" {
		parts, region, err := cutPlace("--s3", f.s3, "BUCKET@REGION")
		if err != nil {
			return cfg, err
		}
		cfg.S3 = &render.S3{Bucket: parts[0], Prefix: f.prefix, Region: region}
	}
	if f.gcs != "" {
		parts, location, err := cutPlace("--gcs", f.gcs, "PROJECT/BUCKET@LOCATION")
		if err != nil {
			return cfg, err
		}
		cfg.GCS = &render.GCS{Project: parts[0], Bucket: parts[1], Prefix: f.prefix, Location: location}
	}
	if f.azure != "" {
		parts, location, err := cutPlace("--azure", f.azure, "SUBSCRIPTION/RESOURCE_GROUP/ACCOUNT/CONTAINER@LOCATION")
		if err != nil {
			return cfg, err
		}
		cfg.Azure = &render.Azure{Subscription: parts[0], ResourceGroup: parts[1], Account: parts[2], Container: parts[3], Prefix: f.prefix, Location: location}
	}
	return cfg, nil
}

// cutPlace splits what a flag says of a bucket into the parts of its form.
func cutPlace(flag, value, form string) (parts []string, location string, err error) {
	names, location, found := strings.Cut(value, "@")
	parts = strings.Split(names, "/")
	if !found || len(parts) != 1+strings.Count(form, "/") {
		return nil, "", wrongUse("%s %q: write it as %s", flag, value, form)
	}
	return parts, location, nil
}

// rendered are the documents, and what became of each.
type rendered struct {
	Output    string         `json:"output"`
	Documents []renderedFile `json:"documents"`
	Checked   bool           `json:"checked"` // nothing was written
}

type renderedFile struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

// What a document is, or was, in the directory.
const (
	docMissing   = "missing"
	docDiffers   = "differs"
	docUnchanged = "unchanged"
	docWritten   = "written"
	docReplaced  = "replaced"
)

func lookAt(dir string, file render.File) (renderedFile, error) {
	found := renderedFile{Name: file.Name, State: docMissing}
	there, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file.Name)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return found, nil
	case err != nil:
		return found, err
	case bytes.Equal(there, file.Content):
		found.State = docUnchanged
	default:
		found.State = docDiffers
	}
	return found, nil
}

// write writes the documents that are missing, and those that differ if they are to be
// replaced. If they are not, nothing is written.
func (r *rendered) write(files []render.File, replace bool) error {
	for _, d := range r.Documents {
		if d.State == docDiffers && !replace {
			return wrongUse("%s is there and differs: look at it, then give --replace; nothing was written", filepath.Join(r.Output, d.Name))
		}
	}
	for i, d := range r.Documents {
		path := filepath.Join(r.Output, filepath.FromSlash(d.Name))
		if d.State == docUnchanged {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if d.State == docDiffers {
			if err := os.WriteFile(path, files[i].Content, 0o644); err != nil {
				return err
			}
			r.Documents[i].State = docReplaced
			continue
		}
		content := files[i].Content
		if err := writeNew(path, func(w io.Writer) error { _, err := w.Write(content); return err }); err != nil {
			return fmt.Errorf("render: %w", err)
		}
		r.Documents[i].State = docWritten
	}
	return nil
}

func (r rendered) settled() bool {
	for _, d := range r.Documents {
		if d.State != docUnchanged {
			return false
		}
	}
	return true
}

func (r rendered) draw(p *screen.Page) {
	for _, d := range r.Documents {
		path := screen.Clean(filepath.Join(r.Output, d.Name))
		if d.State == docMissing || d.State == docDiffers {
			p.Bad("%-9s  %s", d.State, path)
		} else {
			p.Good("%-9s  %s", d.State, path)
		}
	}
}
