// Incident-webhook takes what a pager or a ticket system posts when an incident begins,
// finds the export that authorised the risk, binds the two, proves it, and comments
// with row, address and proof.
package main

import (
	"cmp"
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/holdfast-archive/holdfast/archive"
	"github.com/holdfast-archive/holdfast/archive/manifest"
	"github.com/holdfast-archive/holdfast/linkage"
	_ "github.com/holdfast-archive/holdfast/retention/worm/fileworm"
)

func main() {
	a, err := open(context.Background(), os.Getenv("HOLDFAST_BUCKET"), os.Getenv("HOLDFAST_PUBLIC_KEY"))
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Addr:              cmp.Or(os.Getenv("LISTEN"), "127.0.0.1:8080"),
		Handler:           routes(linkage.New(a).WithResolver(linkage.EventFile(os.Getenv("DEPLOYS")))),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

// open opens the bucket with the public key alone: to bind is no export, and a machine
// that strangers talk to should have no key to sign one with.
func open(ctx context.Context, bucket, publicKey string) (*archive.Archive, error) {
	trusted, err := manifest.LoadVerifier(publicKey)
	if err != nil {
		return nil, err
	}
	return archive.Open(ctx, bucket, archive.Config{Verifier: trusted})
}

// routes has a path for each source whose secret is set. Without one, everybody could
// write links.
func routes(linker *linkage.Linker) *http.ServeMux {
	mux := http.NewServeMux()
	if secret := os.Getenv("PAGERDUTY_SECRET"); secret != "" {
		mux.Handle("POST /pagerduty", &hook{linker: linker, sla: linkage.DefaultSLA, source: pagerDuty{
			Secret: secret, API: cmp.Or(os.Getenv("PAGERDUTY_API"), "https://api.pagerduty.com"),
			Token: os.Getenv("PAGERDUTY_TOKEN"), From: os.Getenv("PAGERDUTY_FROM"),
		}})
	}
	if secret := os.Getenv("JIRA_SECRET"); secret != "" {
		mux.Handle("POST /jira", &hook{linker: linker, sla: linkage.DefaultSLA, source: jira{
			Secret: secret, API: os.Getenv("JIRA_API"), User: os.Getenv("JIRA_USER"), Token: os.Getenv("JIRA_TOKEN"),
			DeployField: "customfield_10101", ArtifactField: "customfield_10102", PacketField: "customfield_10103",
		}})
	}
	return mux
}
