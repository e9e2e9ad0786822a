// node verify.js DIR: check DIR/packet against DIR/bundle.json and DIR/key.pub with
// the npm package @sigstore/verify. With DIR/tsa.pem, also when it was signed.
const { createHash, createPublicKey } = require("node:crypto");
const { existsSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const { bundleFromJSON } = require("@sigstore/bundle");
const { toSignedEntity, toTrustMaterial, Verifier } = require("@sigstore/verify");

const dir = process.argv[2];
const bundle = bundleFromJSON(JSON.parse(readFileSync(join(dir, "bundle.json"), "utf8")));
const key = createPublicKey(readFileSync(join(dir, "key.pub")));
const chain = join(dir, "tsa.pem");
const timed = existsSync(chain);

const certificates = timed
  ? readFileSync(chain, "utf8").match(/-----BEGIN CERTIFICATE-----[^-]+/g).map((pem) => ({ rawBytes: Buffer.from(pem.split("\n").slice(1).join(""), "base64") }))
  : [];
const root = { certificateAuthorities: [], tlogs: [], ctlogs: [], timestampAuthorities: timed ? [{ certChain: { certificates } }] : [] };
const trust = toTrustMaterial(root, () => ({ publicKey: key, validFor: () => true }));
const verifier = new Verifier(trust, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: timed ? 1 : 0 });
const entity = toSignedEntity(bundle);
if (!timed) entity.timestamps = []; // nobody said whose to trust
verifier.verify(entity);

// The package checks the signature, and leaves it to its caller what was signed and
// over which files.
const { payload, payloadType } = bundle.content.dsseEnvelope;
const statement = JSON.parse(payload.toString("utf8"));
const type = "https://github.com/holdfast-archive/holdfast/archive/manifest/export/v1";
if (payloadType !== "application/vnd.in-toto+json" || statement.predicateType !== type) {
  console.error(`the statement is not a manifest of an export, ${type}`);
  process.exit(1);
}
const sum = createHash("sha256").update(readFileSync(join(dir, "packet"))).digest("hex");
if (!statement.subject.some((s) => s.digest.sha256 === sum)) {
  console.error(`the manifest does not name a file with sha256 ${sum}`);
  process.exit(1);
}
console.log(`verified with @sigstore/verify: ${statement.predicate.export_batch_id}`);
