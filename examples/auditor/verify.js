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

// The package checks the signature, and leaves the subjects to its caller.
const sum = createHash("sha256").update(readFileSync(join(dir, "packet"))).digest("hex");
const statement = JSON.parse(bundle.content.dsseEnvelope.payload.toString("utf8"));
if (!statement.subject.some((s) => s.digest.sha256 === sum)) {
  console.error(`the manifest does not name a file with sha256 ${sum}`);
  process.exit(1);
}
console.log(`verified with @sigstore/verify: ${statement.predicate.export_batch_id}`);
