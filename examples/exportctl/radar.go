package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/examples/exportctl/internal/screen"
)

type radarFlags struct {
	objects, bundles, reclassify, markdown bool
	horizon, reviewEvery                   spanFlag
	chains                                 []string
}

func (t *tool) radarCommand() *cobra.Command {
	var f radarFlags
	c := &cobra.Command{
		Use:   "radar",
		Short: "Say what lapses before the evidence's own end, by when, and what mends it",
		Long: `Radar looks ahead: promises and locks that are shorter than the policy asks for by now, keys and
certificates that end, holds that nobody has looked at in a while. It changes nothing.

Exit status 1 says that something has lapsed already, 3 that something lapses within the horizon.

When to use: once a week, from a pipeline.
Related:     extend, review-holds, keys check`,
		Example: `  exportctl radar
  exportctl radar --objects --bundles --horizon 180d --chain tsa.pem --markdown >> "$GITHUB_STEP_SUMMARY"`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error { return t.radar(c.Context(), f) },
	}
	c.Flags().BoolVar(&f.objects, "objects", false, "look at the lock of every object, a request for each")
	c.Flags().BoolVar(&f.bundles, "bundles", false, "look at the certificates that manifests carry, of timestamp authorities and of who signed, a request for each manifest")
	c.Flags().BoolVar(&f.reclassify, "reclassify", false, "have the policy look at each packet anew")
	c.Flags().Var(&f.horizon, "horizon", "how far ahead is soon, as 90d (default 90d)")
	c.Flags().Var(&f.reviewEvery, "review-every", "how long a hold may stand before somebody looks at it, as 180d (default half a year)")
	c.Flags().StringSliceVar(&f.chains, "chain", nil, "certificates to watch: a PEM `FILE`, such as a timestamp authority's chain")
	c.Flags().BoolVar(&f.markdown, "markdown", false, "write the report as Markdown")
	return c
}

func (t *tool) radar(ctx context.Context, f radarFlags) error {
	watch, err := t.watch(f)
	if err != nil {
		return usageError{err}
	}
	wanted := readLog
	if f.reclassify || f.objects {
		wanted = readEvidence
	}
	a, err := t.open(ctx, wanted)
	if err != nil {
		return err
	}
	defer a.Close()
	report, err := a.Radar(ctx, watch)
	if err != nil {
		return err
	}
	report.Lapses = mended(report.Lapses)
	err = t.screen.Show(report, func(p *screen.Page) {
		if f.markdown {
			p.Line("%s", report.Markdown())
			return
		}
		drawLapses(p, report)
	})
	if err != nil {
		return err
	}
	switch {
	case report.Lapsed > 0:
		return verdict{exitFindings}
	case report.Soon > 0:
		return verdict{exitLate}
	}
	return nil
}

// watch is what the flags, and whoever is trusted, have the radar look at.
func (t *tool) watch(f radarFlags) (archive.Watch, error) {
	w := archive.Watch{Horizon: f.horizon.Duration, ReviewHoldsEvery: f.reviewEvery.Duration, Objects: f.objects, Bundles: f.bundles, Reclassify: f.reclassify}
	trusted, err := t.loadTrust()
	if err != nil {
		return w, err
	}
	if w.Trust, err = trusted.trust(); err != nil {
		return w, err
	}
	for _, path := range append(append([]string{}, trusted.Timestamps.Chains...), f.chains...) {
		pem, err := os.ReadFile(path)
		if err != nil {
			return w, err
		}
		chain, err := archive.ParseChain(path, pem)
		if err != nil {
			return w, err
		}
		w.Certificates = append(w.Certificates, chain)
	}
	return w, nil
}

func drawLapses(p *screen.Page, r archive.RadarReport) {
	for _, l := range r.Lapses {
		mark := p.Mind
		if !l.ByUTC.After(r.AtUTC) {
			mark = p.Bad
		}
		mark("%s", inOne(day(l.ByUTC), p.Bold(screen.Clean(string(l.Kind))), atRow(l.ExportRowID)))
		if l.Object != "" {
			p.Line("  %s", screen.Clean(l.Object))
		}
		p.Under("%s", screen.Clean(l.Problem))
		if l.Mend != "" {
			p.Under("→ %s", screen.Clean(l.Mend))
		}
	}
	if more := r.Unlisted(); more > 0 {
		p.Line("… and %d more", more)
	}
	if len(r.Lapses) > 0 {
		p.Gap()
	}
	looked := screen.Count(r.Exports, "export") + " looked at"
	switch {
	case r.Lapsed > 0:
		p.Bad("lapsed: %d; until %s: %d; later: %d; %s", r.Lapsed, day(r.SoonUTC), r.Soon, r.Later, looked)
	case r.Soon > 0:
		p.Mind("lapsing until %s: %d; later: %d; %s", day(r.SoonUTC), r.Soon, r.Later, looked)
	default:
		p.Good("nothing lapses until %s; later: %d; %s", day(r.SoonUTC), r.Later, looked)
	}
}
