// Package servers starts the real servers that drivers are tested against, each
// as a process of its own on the loopback interface, gone when the test ends.
//
//	S3     versitygw v1.8.0        built with go install
//	GCS    fake-gcs-server v1.56.1 built with go install
//	Azure  azurite 3.37.0          installed with npm, where node is present
//	time   timestamp-server v2.1.3 built with go install
//
// and installs the tools that manifests are checked with: cosign v3.1.3, built with
// go install, and npm packages.
//
// All are built once into holdfast/servers below the user's cache directory, and
// shared between packages and runs; none of them is in this module's go.mod. With
// HOLDFAST_TEST_OFFLINE set, a server that is not there yet is skipped with a
// message rather than fetched.
package servers
