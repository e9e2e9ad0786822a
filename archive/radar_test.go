package archive_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/exportlog"
	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/worm"
	"github.com/holdfast-archive/holdfast/retention/worm/memworm"
)

func look(t testing.TB, a *archive.Archive, w archive.Watch) archive.RadarReport {
	t.Helper()
	r, err := a.Radar(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func lapses(r archive.RadarReport, kind archive.LapseKind) []archive.Lapse {
	return slices.DeleteFunc(slices.Clone(r.Lapses), func(l archive.Lapse) bool { return l.Kind != kind })
}

// A quiet archive shows nothing; a policy that became longer shows what is short until it
// is extended.
func TestRadarAfterAChangeOfPolicy(t *testing.T) {
	b := memworm.New()
	b.SetClock(func() time.Time { return noon })
	cfg := config(t)
	a := over(t, b, cfg)
	scene(t, a)
	deep := archive.Watch{Objects: true, Reclassify: true}
	if r := look(t, a, deep); len(r.Lapses) != 0 || r.Exports != 3 || r.ExitCode() != 0 {
		t.Errorf("a quiet archive: %s", r)
	}
	f := cfg.Policy.File()
	standard := f.Classes[retention.Standard]
	standard.Period = retention.Years(4)
	f.Classes[retention.Standard] = standard
	f.Rules = append(f.Rules, policy.Rule{Name: "pp-2", When: `promotion_packet_id == "pp-2"`, Class: retention.Regulated})
	longer, err := policy.New(f)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Policy = longer
	a = over(t, b, cfg)
	r := look(t, a, archive.Watch{})
	short := lapses(r, archive.PromiseShort)
	if len(short) != 3 || r.Later != 3 || r.ExitCode() != 0 || short[0].ByUTC.Year() != 2028 || short[0].NeededUTC.Year() != 2030 || !strings.Contains(short[0].Mend, `Extend(ctx, Selection{PromotionPacketID: "pp-1"}`) {
		t.Errorf("after the policy became longer: %+v", r)
	}
	if short := lapses(look(t, a, deep), archive.PromiseShort); len(short) != 3 || short[1].NeededUTC.Year() != 2033 {
		t.Errorf("classified anew: %+v", short)
	}
	if r := look(t, a, archive.Watch{Horizon: 3 * 365 * 24 * time.Hour, Most: 1}); r.Soon != 3 || r.ExitCode() != 1 || r.Unlisted() != 2 {
		t.Errorf("three years ahead: %s", r)
	}
	if _, err := a.Extend(t.Context(), archive.Selection{Everything: true}, archive.Extension{Reason: "the policy became longer"}); err != nil {
		t.Fatal(err)
	}
	if r := look(t, a, deep); len(r.Lapses) != 0 {
		t.Errorf("after what it said was done: %s", r)
	}
}

// What lies under less than is promised is seen in the objects themselves.
func TestRadarLooksAtObjects(t *testing.T) {
	b := memworm.New()
	a := over(t, b, config(t))
	scene(t, a)
	all := keys(t, b)
	sealed := all[slices.IndexFunc(all, func(k string) bool { return strings.HasPrefix(k, "manifests/") })]
	for _, key := range []string{sealed, commitOf(2)} {
		b.Overwrite(key, content(t, b, key)) // the same again, unlocked
	}
	r := look(t, a, archive.Watch{Objects: true})
	if l := lapses(r, archive.LogLockShort); len(l) != 1 || l[0].Object != commitOf(2) || r.ExitCode() != 2 {
		t.Errorf("%s", r)
	}
	short := lapses(r, archive.LockShort)
	if len(short) != 1 || short[0].Object != sealed || !strings.Contains(short[0].Problem, "no retention") || !strings.Contains(short[0].Mend, `Selection{PromotionPacketID: "pp-`) || !strings.Contains(short[0].Mend, "Objects: true") {
		t.Fatalf("%s", r)
	}
	// What it says mends it: the lock of the object, and with it those of the log.
	export := rows(t, a)[short[0].ExportRowID-1]
	if short[0].PromotionPacketID != export.PromotionPacketID || short[0].RetentionClass != export.RetentionClass {
		t.Errorf("what is to be extended: %+v", short[0])
	}
	what := archive.Selection{PromotionPacketID: export.PromotionPacketID}
	how := archive.Extension{RetentionClass: export.RetentionClass, Reason: "the radar found it unlocked"}
	if done, err := a.Extend(t.Context(), what, how); err != nil || len(done.Changed) != 0 {
		t.Errorf("without looking at objects: %+v, %v", done, err)
	}
	how.Objects = true
	for i, want := range []int{1, 0} { // there is nothing to mend the second time
		done, err := a.Extend(t.Context(), what, how)
		if err != nil || len(done.Changed) != want || len(done.Already) != 1-want {
			t.Errorf("mended, time %d: %+v, %v", i+1, done, err)
		}
	}
	if r := look(t, a, archive.Watch{Objects: true}); len(r.Lapses) != 0 {
		t.Errorf("after what it said was done: %s", r)
	}
	mended := rows(t, a)
	if last := mended[len(mended)-1]; last.Kind != exportlog.KindExtend || last.SubjectExportRowID != export.ExportRowID || last.Reason != how.Reason || !last.RetainUntilUTC.Equal(export.RetainUntilUTC) {
		t.Errorf("the log says of it: %+v", last)
	}
}

// A commit that lost its lock is mended by looking at objects, even if all evidence is
// locked as promised; no export has a row for it.
func TestRadarLooksAtTheLogAlone(t *testing.T) {
	b := memworm.New()
	a := over(t, b, config(t))
	scene(t, a)
	b.Overwrite(commitOf(2), content(t, b, commitOf(2))) // the same again, unlocked
	if r := look(t, a, archive.Watch{Objects: true}); len(r.Lapses) != 1 || r.Lapses[0].Kind != archive.LogLockShort {
		t.Fatalf("%s", r)
	}
	all, how := archive.Selection{Everything: true}, archive.Extension{Reason: "the radar found it unlocked", Objects: true}
	if done, err := a.Extend(t.Context(), all, how); err != nil || len(done.Changed) != 0 || done.Commits != 4 {
		t.Errorf("%+v, %v", done, err)
	}
	if r := look(t, a, archive.Watch{Objects: true}); len(r.Lapses) != 0 {
		t.Errorf("after it was mended: %s", r)
	}
}

func content(t testing.TB, b *memworm.Bucket, key string) []byte {
	t.Helper()
	body, err := b.Open(t.Context(), worm.Ref{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	all, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRadarHoldsAndReviews(t *testing.T) {
	now := noon
	cfg := config(t)
	cfg.Clock = func() time.Time { return now }
	a := over(t, memworm.New(), cfg)
	scene(t, a)
	all := archive.Selection{Everything: true}
	m := archive.Matter{ID: "M-1", Reason: "discovery", By: "legal/one"}
	if _, err := a.Hold(t.Context(), all, m); err != nil {
		t.Fatal(err)
	}
	watch := archive.Watch{ReviewHoldsEvery: 200 * 24 * time.Hour, Horizon: 24 * time.Hour}
	if r := look(t, a, watch); len(r.Lapses) != 0 {
		t.Errorf("a new hold: %s", r)
	}
	now = now.AddDate(0, 0, 201)
	r := look(t, a, watch)
	if l := lapses(r, archive.HoldNotLooked); len(l) != 1 || l[0].Object != "M-1" || !strings.Contains(l[0].Problem, "3 exports") || r.ExitCode() != 2 {
		t.Errorf("an old hold: %s", r)
	}
	m.Reason = "the case goes on"
	for _, want := range []int{3, 0} { // the same day again adds nothing
		if n, err := a.ReviewHolds(t.Context(), all, m); err != nil || n != want {
			t.Errorf("%d reviews, %v", n, err)
		}
	}
	if r := look(t, a, watch); len(r.Lapses) != 0 {
		t.Errorf("after the review: %s", r)
	}
	if _, err := a.Log().Verify(t.Context(), exportlog.Scope{}); err != nil {
		t.Error(err)
	}
	if _, err := a.ReviewHolds(t.Context(), all, archive.Matter{ID: "M-1", Reason: "x", By: "nobody/x"}); err == nil {
		t.Error("somebody reviewed who may not")
	}
}

func TestRadarKeysAndCertificates(t *testing.T) {
	a := over(t, memworm.New(), config(t))
	scene(t, a)
	old, now := newSigner(t).PublicKey(), newSigner(t).PublicKey()
	rotated, ends := noon.AddDate(0, -1, 0), noon.AddDate(0, 1, 0)
	trust := manifest.Trust{Keys: []manifest.TrustedKey{
		{Key: old, Owner: "release-ops", Until: rotated}, {Key: now, Owner: "release-ops", From: rotated, Until: ends},
		{Key: old, Owner: "platform", Until: rotated}, {Key: now, Owner: "platform", From: rotated},
	}}
	chain, err := archive.ParseChain("tsa.example", certificate(t, noon.AddDate(0, 2, 0)))
	if err != nil {
		t.Fatal(err)
	}
	r := look(t, a, archive.Watch{Trust: trust, Certificates: []archive.Watched{chain}})
	if len(r.Lapses) != 2 || r.Soon != 2 || r.Lapses[0].Kind != archive.KeyEnds || !r.Lapses[0].ByUTC.Equal(ends) || !strings.Contains(r.Lapses[0].Problem, "release-ops") || r.Lapses[1].Kind != archive.CertEnds || r.Lapses[1].Object != "tsa.example" {
		t.Errorf("%s", r)
	}
	encoded, err := json.Marshal(r)
	if err != nil || !bytes.Contains(encoded, []byte(`"kind":"certificate ends","by_utc":"2026-11-01T12:00:00Z"`)) {
		t.Errorf("%s, %v", encoded, err)
	}
	if md := r.Markdown(); strings.Count(md, "\n| 2026-1") != 2 {
		t.Error(md)
	}
	if _, err := archive.ParseChain("none", []byte("no PEM")); err == nil {
		t.Error("a chain of nothing")
	}
}

func certificate(t testing.TB, until time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tsa"}, NotBefore: until.AddDate(-1, 0, 0), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
