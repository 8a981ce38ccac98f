// W3C credentials and presentations: Digital Bazaar's implementation for proofs inside the document, jose for signed texts.
// Contexts come from their own package, or from the bytes bundled with Carnet; nothing is fetched.
import { readFileSync } from 'node:fs';
import * as vc from '@digitalbazaar/vc';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { cryptosuite as eddsa } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import { cryptosuite as ecdsa } from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import { named } from '@digitalbazaar/credentials-context';
import { compactVerify, CompactSign, importJWK, exportJWK, generateKeyPair } from 'jose';

const V2 = 'https://www.w3.org/ns/credentials/v2';
const EXAMPLES = 'https://www.w3.org/ns/credentials/examples/v2';
const bundled = (name) => JSON.parse(readFileSync(new URL(`../../../credentials/src/contexts/${name}`, import.meta.url)));
const contexts = new Map([
  [V2, named.get('v2')?.context ?? bundled('credentials-v2.jsonld')],
  [EXAMPLES, bundled('credentials-examples-v2.jsonld')],
]);

/** What a did:key says of itself, in the form that their software asks for. */
async function documentLoader(url) {
  const answer = (document) => ({ contextUrl: null, documentUrl: url, document });
  if (contexts.has(url)) return answer(contexts.get(url));
  const [did, fragment] = url.split('#');
  if (!did.startsWith('did:key:')) throw new Error(`nothing is fetched: ${url}`);
  const publicKeyMultibase = did.slice('did:key:'.length);
  const id = `${did}#${publicKeyMultibase}`;
  const method = { id, type: 'Multikey', controller: did, publicKeyMultibase };
  if (fragment) return answer({ '@context': 'https://w3id.org/security/multikey/v1', ...method });
  return answer({
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did,
    verificationMethod: [method],
    assertionMethod: [id],
    authentication: [id],
  });
}

const credentialOf = (issuer, subject) => ({
  '@context': [V2, EXAMPLES],
  id: 'urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33',
  type: ['VerifiableCredential', 'VaccinationCredential'],
  issuer: { id: issuer, name: 'Clinic' },
  name: { '@value': 'Impfung', '@language': 'de-CH', '@direction': 'ltr' },
  description: [{ '@value': 'vaccination', '@language': 'en' }, { '@value': 'Impfung', '@language': 'de' }],
  validFrom: '2026-01-01T00:00:00Z',
  validUntil: '2026-12-31T00:00:00Z',
  credentialSubject: {
    id: subject,
    // What JSON, JSON-LD and RDF could each write in their own way.
    dose: 0.5,
    large: 12345678.9,
    count: 3,
    whole: 2.0,
    given: true,
    note: 'a "quoted" \\ line\nand\ttab \u0001\u007f é 😀',
    visits: [{ place: 'A' }, { place: 'B' }, { place: 'B' }, { place: 'C', doctor: { name: 'x' } }, { place: 'C', doctor: { name: 'y' } }],
    twins: [{ friend: { friend: {} } }, { friend: { friend: {} } }],
  },
});
const NOW = '2026-11-23T08:00:00Z';
const LATER = '2027-01-01T00:00:00Z';
const demand = (truth, what) => {
  if (!truth) throw new Error(what);
};

const kinds = [
  { name: 'eddsa-rdfc-2022', curve: 'Ed25519', cryptosuite: eddsa, generate: () => Ed25519Multikey.generate() },
  { name: 'ecdsa-rdfc-2019', curve: 'P-256', cryptosuite: ecdsa, generate: () => EcdsaMultikey.generate({ curve: 'P-256' }) },
  { name: 'ecdsa-rdfc-2019', curve: 'P-384', cryptosuite: ecdsa, generate: () => EcdsaMultikey.generate({ curve: 'P-384' }) },
];

async function theirKey(kind) {
  const pair = await kind.generate();
  const { publicKeyMultibase } = await pair.export({ publicKey: true });
  pair.controller = `did:key:${publicKeyMultibase}`;
  pair.id = `${pair.controller}#${publicKeyMultibase}`;
  return pair;
}

// One who says yes to everything agrees with nobody: each side also sees a changed document, another key, another time.
async function theyCheck(ours, kind) {
  const key = { curve: kind.curve, seed: 7, suite: kind.name };
  const { did } = await ours.ok('vc/key', key);
  const credential = await ours.ok('vc/issue', { ...key, credential: credentialOf(did, did) });
  const suite = new DataIntegrityProof({ cryptosuite: kind.cryptosuite });
  const verify = (document, now = NOW) => vc.verifyCredential({ credential: document, suite, documentLoader, now: new Date(now) });
  const result = await verify(credential);
  demand(result.verified, `they refuse the credential: ${result.error?.errors?.[0]?.message ?? result.error}`);
  const changed = structuredClone(credential);
  changed.credentialSubject.count = 4;
  demand(!(await verify(changed)).verified, 'they accept a changed credential');
  demand(!(await verify(credential, LATER)).verified, 'they accept an expired credential');

  const presentation = { '@context': [V2], type: ['VerifiablePresentation'], holder: did, verifiableCredential: [credential] };
  const signed = await ours.ok('vc/present', { ...key, presentation, challenge: 'c-1', domain: 'clinic.example' });
  const check = (challenge) => vc.verify({ presentation: signed, challenge, domain: 'clinic.example', suite, documentLoader, now: new Date(NOW) });
  const presented = await check('c-1');
  demand(presented.verified, `they refuse the presentation: ${JSON.stringify(presented.error?.errors?.map(String) ?? presented)}`);
  demand(!(await check('c-2')).verified, 'they accept another challenge');
}

async function weCheck(ours, kind) {
  const [issuer, holder] = [await theirKey(kind), await theirKey(kind)];
  const suite = (pair) => new DataIntegrityProof({ signer: pair.signer(), cryptosuite: kind.cryptosuite });
  const credential = await vc.issue({
    credential: credentialOf(issuer.controller, holder.controller),
    suite: suite(issuer),
    documentLoader,
    now: new Date(NOW),
  });
  const { issuer: found } = await ours.ok('vc/check', { credential });
  demand(found === issuer.controller, 'another issuer');
  const changed = structuredClone(credential);
  changed.credentialSubject.note += '.';
  await ours.refuses('vc/check', { credential: changed }, 'proof_bad_signature');
  const swapped = structuredClone(credential);
  swapped.proof.verificationMethod = holder.id;
  await ours.refuses('vc/check', { credential: swapped }, 'vc_wrong_issuer');
  await ours.refuses('vc/check', { credential, now: LATER }, 'vc_expired');
  const flipped = structuredClone(credential);
  flipped.proof.proofValue = flipped.proof.proofValue.replace(/.$/, (c) => (c === '2' ? '3' : '2'));
  await ours.refuses('vc/check', { credential: flipped }, 'proof_bad_signature');

  const presentation = vc.createPresentation({ verifiableCredential: [credential], holder: holder.controller, now: new Date(NOW) });
  const signed = await vc.signPresentation({ presentation, suite: suite(holder), challenge: 'c-1', domain: 'clinic.example', documentLoader });
  const asked = { presentation: signed, challenge: 'c-1', domain: 'clinic.example' };
  const { credentials } = await ours.ok('vc/check-presentation', asked);
  demand(credentials === 1, 'the credential is missing');
  await ours.refuses('vc/check-presentation', { ...asked, challenge: 'c-2' }, 'vp_wrong_challenge');
  await ours.refuses('vc/check-presentation', { ...asked, domain: 'other.example' }, 'vp_wrong_domain');
  const stolen = structuredClone(signed);
  stolen.holder = issuer.controller;
  await ours.refuses('vc/check-presentation', { ...asked, presentation: stolen }, 'vp_wrong_holder');
}

const curves = [['EdDSA', 'Ed25519'], ['ES256', 'P-256'], ['ES384', 'P-384']];
const didJwk = (jwk) => `did:jwk:${Buffer.from(JSON.stringify(jwk)).toString('base64url')}`;

async function joseChecks(ours, [alg, curve]) {
  const key = { curve, seed: 7 };
  const { did, kid } = await ours.ok('vc/key', key);
  const text = await ours.ok('vc/jose-issue', { ...key, credential: credentialOf(did, did) });
  const module = curve === 'Ed25519' ? Ed25519Multikey : EcdsaMultikey;
  const pair = await module.from({ type: 'Multikey', id: kid, controller: did, publicKeyMultibase: kid.split('#')[1] });
  const { key: publicKey } = { key: await importJWK(await publicJwk(pair, curve), alg) };
  const { payload, protectedHeader } = await compactVerify(text, publicKey);
  demand(protectedHeader.typ === 'vc+jwt' && protectedHeader.kid === kid && protectedHeader.alg === alg, 'another header');
  demand(JSON.parse(Buffer.from(payload)).issuer.id === did, 'another payload');
  const stranger = (await generateKeyPair(alg, { crv: curve })).publicKey;
  const accepted = await compactVerify(text, stranger).then(() => true, () => false);
  demand(!accepted, 'they accept another key');
}

async function publicJwk(pair, curve) {
  const raw = Buffer.from((await pair.export({ publicKey: true, raw: true })).publicKey);
  if (curve === 'Ed25519') return { kty: 'OKP', crv: curve, x: raw.toString('base64url') };
  const { createPublicKey, ECDH } = await import('node:crypto');
  const node = curve === 'P-256' ? 'prime256v1' : 'secp384r1';
  const point = ECDH.convertKey(raw, node, undefined, undefined, 'uncompressed');
  const half = (point.length - 1) / 2;
  const [x, y] = [point.subarray(1, 1 + half), point.subarray(1 + half)].map((c) => c.toString('base64url'));
  createPublicKey({ key: { kty: 'EC', crv: curve, x, y }, format: 'jwk' });
  return { kty: 'EC', crv: curve, x, y };
}

async function weCheckJose(ours, [alg, curve]) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { crv: curve });
  const did = didJwk(await exportJWK(publicKey));
  const credential = credentialOf(did, did);
  const sign = (payload, header) =>
    new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader({ alg, kid: `${did}#0`, ...header }).sign(privateKey);
  const text = await sign(credential, { typ: 'vc+jwt', cty: 'vc' });
  await ours.ok('vc/jose-check', { text });
  const flip = text.replace(/.$/, (c) => (c === 'A' ? 'E' : 'A'));
  const flipped = await ours.ask('vc/jose-check', { text: flip });
  demand(['jws_bad_signature', 'jws_not_compact'].includes(flipped.error), `a flipped bit: ${JSON.stringify(flipped)}`);
  await ours.refuses('vc/jose-check', { text: await sign(credential, { typ: 'JWT' }) }, 'jws_wrong_type');
  await ours.refuses('vc/jose-check', { text, now: LATER }, 'vc_expired');
  const wrapped = await sign({ iss: did, vc: credential }, { typ: 'vc+jwt' });
  await ours.refuses('vc/jose-check', { text: wrapped }, 'vc_claims_misfit');
  const other = didJwk(await exportJWK((await generateKeyPair(alg, { crv: curve })).publicKey));
  await ours.refuses('vc/jose-check', { text: await sign(credential, { typ: 'vc+jwt', kid: `${other}#0` }) }, 'jws_bad_signature');

  const envelope = { '@context': [V2], id: `data:application/vc+jwt,${text}`, type: 'EnvelopedVerifiableCredential' };
  const presentation = { '@context': [V2], type: ['VerifiablePresentation'], holder: did, verifiableCredential: [envelope], nonce: 'c-1', aud: 'clinic.example' };
  const presented = await sign(presentation, { typ: 'vp+jwt', cty: 'vp' });
  const asked = { text: presented, challenge: 'c-1', domain: 'clinic.example' };
  await ours.ok('vc/jose-check-presentation', asked);
  await ours.refuses('vc/jose-check-presentation', { ...asked, challenge: 'c-2' }, 'vp_wrong_challenge');
}

const bazaar = '@digitalbazaar/vc 7.3.0';
export const rows = [
  ...kinds.flatMap((kind) => [
    { format: `VC and VP, ${kind.name} ${kind.curve}`, tool: bazaar, direction: 'ours → theirs', run: (ours) => theyCheck(ours, kind) },
    { format: `VC and VP, ${kind.name} ${kind.curve}`, tool: bazaar, direction: 'theirs → ours', run: (ours) => weCheck(ours, kind) },
  ]),
  ...curves.flatMap((curve) => [
    { format: `VC-JOSE, ${curve[0]}`, tool: 'jose 6.2.17', direction: 'ours → theirs', run: (ours) => joseChecks(ours, curve) },
    { format: `VC-JOSE, ${curve[0]}`, tool: 'jose 6.2.17', direction: 'theirs → ours', run: (ours) => weCheckJose(ours, curve) },
  ]),
];
