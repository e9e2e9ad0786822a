// Shipit deploys a service: it points the hosts' current release to another one,
// and back again if the service is not healthy then.
//
//	shipit plan.json
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/linkage"
	_ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

// Plan is what to deploy, and where.
type Plan struct {
	DeployID  string   `json:"deploy_id"`
	Service   string   `json:"service"`
	Release   string   `json:"release"` // a folder of releases
	Hosts     []string `json:"hosts"`   // folders with releases/<release>, and a link current to one of them
	HealthURL string   `json:"health_url"`
	Owner     string   `json:"owner"`  // who is called when it goes wrong
	Packet    string   `json:"packet"` // the folder with what was decided, and why
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: shipit plan.json")
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatal("shipit: ", err)
	}
}

func run(ctx context.Context, file string) error {
	plan, err := readPlan(file)
	if err != nil {
		return err
	}
	evidence, packet, err := export(ctx, plan)
	if err != nil {
		return err
	}
	defer evidence.Close()
	previous, err := plan.activate(plan.Release)
	if err != nil {
		return err
	}
	if sick := plan.healthy(ctx); sick != nil {
		_, err := plan.activate(previous)
		_, unlinked := linkage.New(evidence).Bind(ctx, linkage.Divergence{
			PromotionPacketID: packet.Header.PromotionPacketID,
			RollbackEventID:   "rb-" + plan.DeployID,
			DivergenceSummary: fmt.Sprintf("%s %s rolled back: %v", plan.Service, plan.Release, sick),
			LinkOwnerAck:      linkage.Ack{Role: linkage.ReleaseOps, Name: plan.Owner},
		})
		err = errors.Join(err, unlinked)
		return errors.Join(fmt.Errorf("%s %s is not healthy, back to %s: %w", plan.Service, plan.Release, previous, sick), err)
	}
	log.Printf("%s %s is live", plan.Service, plan.Release)
	return nil
}

// export keeps what was decided, before anything of it is live.
func export(ctx context.Context, p Plan) (*archive.Archive, archive.Packet, error) {
	packet, err := archive.ReadFolder(os.DirFS(p.Packet))
	if err != nil {
		return nil, packet, err
	}
	signer, err := manifest.LoadSigner(os.Getenv("SHIPIT_KEY"), nil)
	if err != nil {
		return nil, packet, err
	}
	a, err := archive.Open(ctx, os.Getenv("SHIPIT_EVIDENCE"), archive.Config{
		Signer: signer, Operator: "release-ops/shipit", Spool: archive.Spool{Dir: os.Getenv("SHIPIT_SPOOL")},
	})
	if err != nil {
		return nil, packet, err
	}
	receipt, err := a.Export(ctx, packet)
	if errors.Is(err, archive.ErrPending) {
		log.Print(err) // the evidence is safe on this machine: an outage holds up no release
	} else if err != nil {
		return nil, packet, errors.Join(err, a.Close())
	} else {
		log.Printf("export row %d: %s", receipt.ExportRowID, receipt.ArchiveURI)
	}
	return a, packet, nil
}

func readPlan(file string) (p Plan, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return Plan{}, err
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return Plan{}, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

// activate points every host to a release, and returns the one that was there.
func (p Plan) activate(release string) (previous string, err error) {
	for _, host := range p.Hosts {
		if _, err := os.Stat(filepath.Join(host, "releases", release)); err != nil {
			return previous, err
		}
		current, next := filepath.Join(host, "current"), filepath.Join(host, "next")
		if old, err := os.Readlink(current); err == nil {
			previous = filepath.Base(old)
		}
		if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return previous, err
		}
		if err := errors.Join(os.Symlink(filepath.Join("releases", release), next), os.Rename(next, current)); err != nil {
			return previous, err
		}
	}
	return previous, nil
}

// healthy asks the service how it is.
func (p Plan) healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.HealthURL, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", p.HealthURL, resp.Status)
	}
	return nil
}
