package render

import (
	"fmt"
	"strings"

	"github.com/holdfast-archive/holdfast/retention/policy"
)

// Azure is a container of Azure Blob Storage.
type Azure struct {
	Account       string // the storage account, made for evidence alone
	Container     string
	Prefix        string // of all keys, such as team-a/; may be empty
	ResourceGroup string
	Location      string // such as westeurope
	Subscription  string // the subscription's id
}

// maxAzureDays is the longest default retention that Azure takes.
const maxAzureDays = 146000

var azureTiers = cloudTiers{names: map[string]string{"cool": "Cool", "cold": "Cold", "archive": "Archive"}, offline: true}

// Scope is what the roles can be assigned below.
func (b Azure) Scope() string {
	return "/subscriptions/" + b.Subscription + "/resourceGroups/" + b.ResourceGroup
}

// ContainerID is the container's resource id, which the roles are assigned on.
func (b Azure) ContainerID() string {
	return b.Scope() + "/providers/Microsoft.Storage/storageAccounts/" + b.Account + "/blobServices/default/containers/" + b.Container
}

func (b Azure) check() error {
	return checkFields("Azure",
		field{"Account", b.Account, `[a-z0-9]{3,24}`, "releaseevidence"},
		field{"Container", b.Container, `[a-z0-9](-?[a-z0-9]){2,62}`, "evidence"},
		field{"Prefix", b.Prefix, prefixPattern, "team-a/"},
		field{"ResourceGroup", b.ResourceGroup, `[A-Za-z0-9_-]{1,90}`, "release-tooling"},
		field{"Location", b.Location, locationPattern, "westeurope"},
		field{"Subscription", b.Subscription, `[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`, "00000000-0000-0000-0000-000000000000"})
}

func (b Azure) facts() placeFacts {
	return placeFacts{
		Cloud: "Azure Blob Storage", Dir: "azure", Address: "azblob://" + b.Container + "/" + b.Prefix, Account: b.Account, Tiers: azureTiers,
		Governance: "whoever may change the blob's policy",
	}
}

// Role returns the role definition of one of [Roles]; another name is an error that lists them.
func (b Azure) Role(name string) ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	return role("azure", name, b)
}

// azureTransition is a move with the name that azurerm has for it.
type azureTransition struct {
	transition
	Argument string // padded, so that the equals signs stand in one column
}

// Files makes the container's documents: its roles, and its set-up as Terraform and
// as commands of the Azure command line.
func (b Azure) Files(p *policy.Policy) ([]File, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	days, _ := defaultRetention(p, maxAzureDays)
	var moves []azureTransition
	widest := 0
	for _, t := range azureTiers.transitions(p) {
		argument := "tier_to_" + strings.ToLower(t.StorageClass) + "_after_days_since_creation_greater_than"
		widest = max(widest, len(argument))
		moves = append(moves, azureTransition{t, argument})
	}
	for i := range moves {
		moves[i].Argument = fmt.Sprintf("%-*s", widest, moves[i].Argument)
	}
	return makeAll("azure", struct {
		Azure
		Origin      string
		DefaultDays int
		Transitions []azureTransition
		Roles       []bucketRole
	}{Azure: b, Origin: origin(p), DefaultDays: days, Transitions: moves, Roles: bucketRoles(p)})
}
