// Verifies everything that a ledger hands out, with the packed library alone: no TypeScript, nothing of Node.js. Run by Node.js and by a page.

import {
  checkProof,
  createVerifier,
  fromBase64,
  openCheckpoint,
  parseProof,
  parsePublicKey,
  parseVerifierKey,
  splitLines,
  verifyExport,
  verifyReceipt,
} from '@telltale/ledger';

/** Says of each thing whether it verifies, right and with one character changed. */
export async function verifyGolden(artefacts) {
  const verifier = valueIn(parseVerifierKey(artefacts.verifierKey));
  const key = valueIn(parsePublicKey(fromBase64(artefacts.spki)));
  const trusted = { key, origin: artefacts.origin };
  const verify = valueIn(createVerifier(key));
  const checks = {
    export: async (text) => (await verifyExport({ lines: splitLines(chunksOf(text)), trusted })).isSound,
    checkpoint: async (text) => (await openCheckpoint(text, verifier)).ok,
    proof: async (text) => {
      const proof = parseProof(text);
      return proof.ok && (await checkProof({ proof: proof.value, verifier })).ok;
    },
    receipt: async (text) => {
      const receipt = JSON.parse(text);
      return (await verifyReceipt({ origin: artefacts.origin, verify, receipt })).ok;
    },
  };
  const texts = { ...artefacts, receipt: JSON.stringify(artefacts.receipt) };
  const verdicts = {};
  for (const [name, check] of Object.entries(checks)) {
    verdicts[name] = { right: await check(texts[name]), changed: await check(changed(texts[name])) };
  }
  const { summary, keySource } = await verifyExport({ lines: splitLines(chunksOf(artefacts.export)) });
  return { ...verdicts, blocks: summary.blocks, readings: summary.readings, keySource };
}

/** The last digit 1 is another: in the export a root, in the others a number or a hash that is signed. */
function changed(text) {
  const at = text.lastIndexOf('1');
  return `${text.slice(0, at)}2${text.slice(at + 1)}`;
}

async function* chunksOf(text) {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

function valueIn(result) {
  if (!result.ok) throw new Error(result.message);
  return result.value;
}
