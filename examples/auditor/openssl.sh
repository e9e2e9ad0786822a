#!/usr/bin/env bash
# openssl.sh DIR: check DIR/packet against DIR/bundle.json and DIR/key.pub with
# openssl, jq and coreutils. With DIR/tsa.pem, also when it was signed.
set -euo pipefail
cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What was signed, as DSSE encodes it, and the signature.
jq -r .dsseEnvelope.payload bundle.json | base64 -d > "$work/statement"
jq -r '.dsseEnvelope.signatures[0].sig' bundle.json | base64 -d > "$work/sig"
printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c < "$work/statement")" | cat - "$work/statement" > "$work/pae"

# The key signed it.
if openssl pkey -pubin -in key.pub -noout -text | grep -q ED25519; then
  openssl pkeyutl -verify -pubin -inkey key.pub -rawin -in "$work/pae" -sigfile "$work/sig"
else
  openssl dgst -sha256 -verify key.pub -signature "$work/sig" "$work/pae"
fi

# It is a manifest of an export: the key may sign other things as well.
type=https://github.com/holdfast-archive/holdfast/archive/manifest/export/v1
jq -e --arg type "$type" '.predicateType == $type' "$work/statement" > /dev/null ||
  { echo "the statement is not a manifest of an export, $type" >&2; exit 1; }

# It names the packet among its subjects.
sum=$(sha256sum packet | cut -d' ' -f1)
jq -e --arg sum "$sum" '[.subject[] | select(.digest.sha256 == $sum)] | length > 0' "$work/statement" > /dev/null ||
  { echo "the manifest does not name a file with sha256 $sum" >&2; exit 1; }

# An authority saw the signature. Its certificate may have expired since.
if [ -e tsa.pem ]; then
  jq -er '.verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp' bundle.json | base64 -d > "$work/tsr"
  at=$(date -u -d "$(openssl ts -reply -in "$work/tsr" -text 2> /dev/null | sed -n 's/^Time stamp: //p')" +%s)
  openssl ts -verify -data "$work/sig" -in "$work/tsr" -CAfile tsa.pem -untrusted tsa.pem -attime "$at"
  echo "signed before $(date -u -d "@$at" +%FT%TZ)"
fi
echo "verified with openssl: $(jq -r .predicate.export_batch_id "$work/statement")"
