// did:webvh 1.0 logs with didwebvh-ts: what one side writes, the other reads, and what neither takes.
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import {
  MultibaseEncoding,
  createDID,
  deactivateDID,
  deriveNextKeyHash,
  multibaseEncode,
  prepareDataForSigning,
  resolveDIDFromLog,
  signWitnessProofEntries,
  updateDID,
} from 'didwebvh-ts';

const TOOL = 'didwebvh-ts 2.8.0';
const LATER = '2030-01-01T00:00:00Z';
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

const seed = (number) => number.toString(16).padStart(64, '0');

// One key, as both sides see it.
function keyOf(number) {
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8, Buffer.from(seed(number), 'hex')]), format: 'der', type: 'pkcs8' });
  const raw = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(12);
  const multikey = multibaseEncode(new Uint8Array([0xed, 0x01, ...raw]), MultibaseEncoding.BASE58_BTC);
  const did = `did:key:${multikey}`;
  return {
    multikey,
    did,
    async sign({ document, proof }) {
      const signature = sign(null, await prepareDataForSigning(document, proof), secret);
      return { proofValue: multibaseEncode(new Uint8Array(signature), MultibaseEncoding.BASE58_BTC) };
    },
    getVerificationMethodId: () => `${did}#${multikey}`,
  };
}

const verifier = {
  verify: async (signature, message, key) =>
    verify(null, message, createPublicKey({ key: Buffer.concat([SPKI, key]), format: 'der', type: 'spki' }), signature),
};

const lines = (log) => log.map((entry) => `${JSON.stringify(entry)}\n`).join('');
const entries = (text) => text.trim().split('\n').map((line) => JSON.parse(line));

function same(ours, theirs, what) {
  const canonical = (value) =>
    JSON.stringify(value, (_, v) => (v && typeof v === 'object' && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort()) : v));
  if (canonical(ours) !== canonical(theirs)) throw new Error(`${what} differ`);
}

async function weRead(ours, { did, log }, witness) {
  const result = await ours.ok('did/read', { did, log: lines(log), witness: witness && JSON.stringify(witness), now: LATER });
  same(result.didDocument, log.at(-1).state, 'documents');
  if (result.didDocumentMetadata.versionId !== log.at(-1).versionId) throw new Error('another version');
  return result;
}

// A changed letter, another key, another time: each by its name.
async function weRefuse(ours, { did, log }, witness) {
  const broken = (change) => {
    const copy = entries(lines(log));
    change(copy.at(-1));
    return { did, log: lines(copy), witness: witness && JSON.stringify(witness), now: LATER };
  };
  const first = log.length === 1;
  const stranger = keyOf(99);
  await ours.refuses('did/read', broken((e) => { e.state.changed = true; }), first ? 'webvh_scid' : 'webvh_entry_hash');
  await ours.refuses('did/read', broken((e) => { e.proof[0].created = '2001-01-01T00:00:00Z'; }), 'proof_bad_signature');
  await ours.refuses('did/read', broken((e) => { e.proof[0].verificationMethod = stranger.getVerificationMethodId(); }), 'webvh_not_authorized');
  await ours.refuses('did/read', broken((e) => { e.versionTime = '2029-01-01T00:00:00Z'; }), first ? 'webvh_scid' : 'webvh_entry_hash');
  await ours.refuses('did/read', { ...broken(() => {}), now: '1999-12-31T23:59:59Z' }, 'webvh_future');
}

const begin = (more = {}) =>
  createDID({
    address: 'clinic.example',
    signer: keyOf(1),
    verifier,
    updateKeys: [keyOf(1).multikey],
    verificationMethods: [{ type: 'Multikey', publicKeyMultibase: keyOf(1).multikey, purpose: 'assertionMethod' }],
    created: '2020-01-01T00:00:00Z',
    ...more,
  });

const theirs = {
  create: () => begin(),
  update: async () => {
    const { log } = await begin();
    return updateDID({ log, signer: keyOf(1), verifier, updateKeys: [keyOf(2).multikey], alsoKnownAs: ['did:web:clinic.example'] });
  },
  'pre-rotation': async () => {
    const hash = (number) => deriveNextKeyHash(keyOf(number).multikey);
    const { log } = await begin({ nextKeyHashes: [await hash(2)] });
    return updateDID({ log, signer: keyOf(2), verifier, updateKeys: [keyOf(2).multikey], nextKeyHashes: [await hash(3)] });
  },
  move: async () => {
    const { did, log } = await begin({ portable: true });
    return updateDID({ log, signer: keyOf(1), verifier, address: 'hospital.example', alsoKnownAs: [did] });
  },
  deactivate: async () => {
    const { log } = await begin();
    return deactivateDID({ log, signer: keyOf(1), verifier });
  },
};

const theyWrite = Object.entries(theirs).map(([what, make]) => ({
  format: `did:webvh ${what}`,
  tool: TOOL,
  direction: 'theirs → ours',
  async run(ours) {
    const made = await make();
    const result = await weRead(ours, made);
    if (Boolean(result.didDocumentMetadata.deactivated) !== (what === 'deactivate')) throw new Error('deactivated or not');
    await weRefuse(ours, made);
  },
}));

const theyWitness = {
  format: 'did:webvh witnesses',
  tool: TOOL,
  direction: 'theirs → ours',
  async run(ours) {
    const witnesses = [keyOf(50), keyOf(51)];
    const listed = witnesses.map(({ did }) => ({ id: did }));
    const made = await begin({ witness: { threshold: 2, witnesses: listed } });
    const signers = Object.fromEntries(witnesses.map((key) => [key.did, key]));
    const file = await signWitnessProofEntries([made.log[0].versionId], listed, signers);
    await weRead(ours, made, file);
    await weRefuse(ours, made, file);
    const input = (proofs) => ({ did: made.did, log: lines(made.log), witness: JSON.stringify(proofs), now: LATER });
    const one = structuredClone(file);
    one[0].proof.pop();
    await ours.refuses('did/read', input(one), 'webvh_witness_threshold');
    const forged = structuredClone(file);
    forged[0].proof[0].proofValue = forged[0].proof[1].proofValue;
    await ours.refuses('did/read', input(forged), 'webvh_witness_threshold');
    await ours.refuses('did/read', { did: made.did, log: lines(made.log), now: LATER }, 'webvh_witness_missing');
  },
};

async function theyRead({ did, log }, witnessProofs) {
  const { doc, meta } = await resolveDIDFromLog(entries(log), { verifier, requestedDid: did, witnessProofs });
  if (meta.error) throw new Error(`they refuse: ${meta.problemDetails?.detail ?? meta.error}`);
  if (meta.versionId !== entries(log).at(-1).versionId) throw new Error('another version');
  // They give no document of a DID that was ended.
  if (!doc && meta.deactivated) return meta;
  // They add the services that every did:webvh has.
  const services = (doc.service ?? []).filter(({ id }) => !/#(files|whois)$/.test(id));
  const { service: _, ...rest } = doc;
  same(services.length ? { ...rest, service: services } : rest, entries(log).at(-1).state, 'documents');
  return meta;
}

async function theyRefuse({ did, log }, witnessProofs) {
  const changed = entries(log);
  changed.at(-1).state.changed = true;
  let meta;
  try {
    ({ meta } = await resolveDIDFromLog(changed, { verifier, requestedDid: did, witnessProofs }));
  } catch {
    return;
  }
  if (!meta.error) throw new Error('they take a changed log');
}

const us = (number) => ({ seed: seed(number) });
const at = (day) => ({ now: `2021-01-0${day}T00:00:00Z` });
const weBegin = (ours, more = {}) =>
  ours.ok('did/create', {
    ...us(1),
    ...at(1),
    location: 'clinic.example:issuing',
    document: {
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
      verificationMethod: [
        {
          id: 'did:webvh:{SCID}:clinic.example:issuing#1',
          type: 'Multikey',
          controller: 'did:webvh:{SCID}:clinic.example:issuing',
          publicKeyMultibase: keyOf(7).multikey,
        },
      ],
      assertionMethod: ['did:webvh:{SCID}:clinic.example:issuing#1'],
    },
    ...more,
  });

const written = {
  create: (ours) => weBegin(ours),
  update: async (ours) => {
    const { did, log } = await weBegin(ours);
    const next = await ours.ok('did/update', { ...us(1), ...at(2), did, log, updateKeys: [keyOf(2).multikey] });
    return ours.ok('did/update', { ...us(2), ...at(3), did, log: next.log });
  },
  'pre-rotation': async (ours) => {
    const hash = (number) => ours.ok('did/announce', { multikey: keyOf(number).multikey });
    const { did, log } = await weBegin(ours, { nextKeyHashes: [await hash(2)] });
    const next = { updateKeys: [keyOf(2).multikey], nextKeyHashes: [await hash(3)] };
    return ours.ok('did/update', { ...us(2), ...at(2), did, log, ...next });
  },
  move: async (ours) => {
    const { did, log } = await weBegin(ours, { portable: true });
    const state = JSON.parse(JSON.stringify(entries(log)[0].state).replaceAll('clinic.example', 'hospital.example'));
    return ours.ok('did/update', { ...us(1), ...at(2), did, log, state: { ...state, alsoKnownAs: [did] } });
  },
  deactivate: async (ours) => {
    const { did, log } = await weBegin(ours);
    return ours.ok('did/deactivate', { ...us(1), ...at(2), did, log });
  },
};

const weWrite = Object.entries(written).map(([what, make]) => ({
  format: `did:webvh ${what}`,
  tool: TOOL,
  direction: 'ours → theirs',
  async run(ours) {
    const made = await make(ours);
    const meta = await theyRead(made);
    if (Boolean(meta.deactivated) !== (what === 'deactivate')) throw new Error('deactivated or not');
    await theyRefuse(made);
  },
}));

const weWitness = {
  format: 'did:webvh witnesses',
  tool: TOOL,
  direction: 'ours → theirs',
  async run(ours) {
    const made = await weBegin(ours, { witnesses: [keyOf(50).did, keyOf(51).did] });
    const voice = (number) => ours.ok('did/witness', { ...us(number), ...at(1), versionId: made.versionId });
    const file = [{ versionId: made.versionId, proof: [await voice(50), await voice(51)] }];
    await theyRead(made, file);
    await theyRefuse(made, file);
  },
};

export const rows = [...theyWrite, theyWitness, ...weWrite, weWitness];
