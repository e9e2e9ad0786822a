package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"
)

// replicaSet is one revision of a rollout, as the cluster remembers it: Argo keeps as
// many as revisionHistoryLimit says, ten without it.
type replicaSet struct {
	Namespace, Rollout string
	Revision           int // the latest that it was, if it was several
	Created            time.Time
	PromotionPacketID  string
	DecidedAt          time.Time
}

// readReplicaSets reads what kubectl get replicasets -o json writes: the ReplicaSets of
// rollouts with a packet, each rollout's newest revision first.
func readReplicaSets(path string) ([]replicaSet, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list struct {
		Items []struct {
			Metadata struct {
				Name, Namespace   string
				CreationTimestamp time.Time
				Annotations       map[string]string
				OwnerReferences   []struct{ Kind, Name string }
			}
			Spec struct {
				Template struct {
					Metadata struct{ Annotations map[string]string }
				}
			}
		}
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var sets []replicaSet
	for _, item := range list.Items {
		m, said := item.Metadata, item.Spec.Template.Metadata.Annotations
		id := said["release.example.com/promotion-packet-id"]
		if id == "" || len(m.OwnerReferences) == 0 || m.OwnerReferences[0].Kind != "Rollout" {
			continue
		}
		revision, err := strconv.Atoi(m.Annotations["rollout.argoproj.io/revision"])
		if err != nil {
			return nil, fmt.Errorf("%s: ReplicaSet %s: revision: %w", path, m.Name, err)
		}
		at, err := time.Parse(time.RFC3339, said["release.example.com/promotion-decision-at"])
		if err != nil {
			return nil, fmt.Errorf("%s: ReplicaSet %s: promotion-decision-at: %w", path, m.Name, err)
		}
		sets = append(sets, replicaSet{Namespace: m.Namespace, Rollout: m.OwnerReferences[0].Name, Revision: revision,
			Created: m.CreationTimestamp, PromotionPacketID: id, DecidedAt: at})
	}
	slices.SortFunc(sets, func(a, b replicaSet) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Rollout, b.Rollout), cmp.Compare(b.Revision, a.Revision))
	})
	return sets, nil
}
