package render

import (
	"strings"

	"github.com/holdfast-archive/holdfast/retention"
	"github.com/holdfast-archive/holdfast/retention/policy"
)

// S3 is a bucket of Amazon S3.
type S3 struct {
	Bucket string
	Prefix string // of all keys, such as team-a/; may be empty
	Region string // such as eu-west-1
}

// minTierBytes: what is smaller is billed as so much in the colder classes.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
const minTierBytes = 128 << 10

// maxS3Days is the longest default retention that S3 takes.
const maxS3Days = 36500

var s3Tiers = cloudTiers{
	names:        map[string]string{"cool": "STANDARD_IA", "cold": "GLACIER_IR", "archive": "GLACIER"},
	offline:      true,
	atLeast:      map[string]int{"cool": 30},
	betweenMoves: 30,
}

// ARN is the bucket's Amazon resource name.
func (b S3) ARN() string {
	partition := "aws"
	switch {
	case strings.HasPrefix(b.Region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(b.Region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return "arn:" + partition + ":s3:::" + b.Bucket
}

func (b S3) check() error {
	return checkFields("S3",
		field{"Bucket", b.Bucket, `[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`, "release-evidence"},
		field{"Prefix", b.Prefix, prefixPattern, "team-a/"},
		field{"Region", b.Region, locationPattern, "eu-west-1"})
}

func (b S3) facts() placeFacts {
	return placeFacts{
		Cloud: "Amazon S3", Dir: "s3", Address: "s3://" + b.Bucket + "/" + b.Prefix, Tiers: s3Tiers,
		Governance: "whoever has s3:BypassGovernanceRetention",
	}
}

// Role returns the IAM policy of one of [Roles]; another name is an error that lists them.
func (b S3) Role(name string) ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	return role("s3", name, b)
}

// Files makes the bucket's documents: its roles, and its set-up as Terraform and as
// commands of the AWS command line.
func (b S3) Files(p *policy.Policy) ([]File, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	days, mode := defaultRetention(p, maxS3Days)
	return makeAll("s3", struct {
		S3
		Origin             string
		DefaultDays        int
		DefaultMode        string
		Transitions        []transition
		MinTierBytes       int
		Roles              []bucketRole
		LocationConstraint bool
	}{
		S3: b, Origin: origin(p), DefaultDays: days, DefaultMode: map[retention.Mode]string{retention.Governance: "GOVERNANCE", retention.Compliance: "COMPLIANCE"}[mode],
		Transitions: s3Tiers.transitions(p), MinTierBytes: minTierBytes, Roles: bucketRoles(p),
		LocationConstraint: b.Region != "us-east-1", // which is refused by its name
	})
}
