package render_test

import (
	"fmt"

	"github.com/holdfast-archive/holdfast/retention/policy"
	"github.com/holdfast-archive/holdfast/retention/policy/render"
)

func ExampleFiles() {
	files, err := render.Files(policy.Default(), render.Config{
		S3: &render.S3{Bucket: "release-evidence", Region: "eu-west-1"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range files {
		fmt.Println(f.Name) // to be written where they belong, with f.Content
	}
	// Output:
	// post_promotion_audit_export_policy.md
	// incident-template.md
	// incident-form.yml
	// s3/auditor.json
	// s3/bucket-policy.json
	// s3/exporter.json
	// s3/hold-officer.json
	// s3/lifecycle.json
	// s3/main.tf
	// s3/reader.json
	// s3/replicator.json
	// s3/setup.sh
}

func ExampleS3_Role() {
	reader, err := render.S3{Bucket: "release-evidence", Prefix: "team-a/", Region: "eu-west-1"}.Role("reader")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(reader))
	// Output:
	// {
	//   "Version": "2012-10-17",
	//   "Statement": [
	//     {
	//       "Sid": "LookAtTheBucket",
	//       "Effect": "Allow",
	//       "Action": [
	//         "s3:GetBucketObjectLockConfiguration",
	//         "s3:GetBucketVersioning",
	//         "s3:ListBucket",
	//         "s3:ListBucketVersions"
	//       ],
	//       "Resource": "arn:aws:s3:::release-evidence"
	//     },
	//     {
	//       "Sid": "ReadVersionsAndLocks",
	//       "Effect": "Allow",
	//       "Action": [
	//         "s3:GetObject",
	//         "s3:GetObjectLegalHold",
	//         "s3:GetObjectRetention",
	//         "s3:GetObjectVersion"
	//       ],
	//       "Resource": "arn:aws:s3:::release-evidence/team-a/*"
	//     }
	//   ]
	// }
}
