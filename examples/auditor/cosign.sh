#!/usr/bin/env bash
# cosign.sh DIR: check DIR/packet against DIR/bundle.json and DIR/key.pub with
# cosign. With DIR/tsa.pem, also when it was signed: cosign looks at timestamps
# only when it is told whose to trust.
set -euo pipefail
cd "$1"
type=https://github.com/holdfast-archive/holdfast/archive/manifest/export/v1
times=()
if [ -e tsa.pem ]; then
  root=$(mktemp)
  trap 'rm -f "$root"' EXIT
  cosign trusted-root create --tsa="url=https://tsa.invalid,certificate-chain=tsa.pem" --out "$root" > /dev/null
  times=(--use-signed-timestamps --trusted-root "$root")
fi
cosign verify-blob-attestation --key key.pub --bundle bundle.json --type "$type" --insecure-ignore-tlog=true "${times[@]}" packet
