// SD-JWT VC with npm `@sd-jwt/sd-jwt-vc` and PyPI `sd-jwt`, and its status list with `@sd-jwt/jwt-status-list`, both ways.
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { digest, generateSalt } from '@sd-jwt/crypto-nodejs';
import { createHeaderAndPayload, StatusList } from '@sd-jwt/jwt-status-list';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { CompactSign, importJWK } from 'jose';
import { flipped } from '../altered.mjs';
import { python } from '../python.mjs';

const iss = 'https://issuer.example';
const vct = 'urn:example:card:1';
const aud = 'https://verifier.example';
const nonce = 'n-0S6_WzA2Mj';
const uri = 'https://issuer.example/statuses/1';
const now = Math.floor(Date.now() / 1000);

const curves = { ES256: ['ec', { namedCurve: 'P-256' }, 'sha256'], ES384: ['ec', { namedCurve: 'P-384' }, 'sha384'], EdDSA: ['ed25519', {}, null] };

function pair(alg) {
  const [kind, options] = curves[alg];
  const { privateKey, publicKey } = generateKeyPairSync(kind, options);
  return { alg, secret: privateKey.export({ format: 'jwk' }), open: publicKey.export({ format: 'jwk' }) };
}

/** What can be withheld, what is shown of it, and in what words each tool is told so. */
const shapes = {
  flat: {
    claims: { name: 'Maria', birthdate: '1970-01-01' },
    disclosable: [['name'], ['birthdate']],
    disclose: [['name']],
    frame: { _sd: ['name', 'birthdate'] },
    pick: { name: true },
    pickPython: { name: true },
    visible: { name: 'Maria' },
  },
  nested: {
    claims: { address: { country: 'PT', city: 'Porto', geo: { lat: 41.1 } } },
    disclosable: [['address'], ['address', 'city'], ['address', 'geo'], ['address', 'geo', 'lat']],
    disclose: [['address', 'geo', 'lat']],
    frame: { _sd: ['address'], address: { _sd: ['city', 'geo'], geo: { _sd: ['lat'] } } },
    pick: { address: { geo: { lat: true } } },
    pickPython: { address: { geo: { lat: true } } },
    visible: { address: { country: 'PT', geo: { lat: 41.1 } } },
  },
  array: {
    claims: { nationalities: ['DE', 'FR', 'PT'], doses: [{ lot: 'A' }, { lot: 'B' }] },
    disclosable: [['nationalities', 0], ['nationalities', 2], ['doses', 1]],
    disclose: [['nationalities', 2], ['doses', 1]],
    frame: { nationalities: { _sd: [0, 2] }, doses: { _sd: [1] } },
    pick: { nationalities: { 2: true }, doses: { 1: true } },
    pickPython: { nationalities: [false, true, true], doses: [true, true] },
    visible: { nationalities: ['FR', 'PT'], doses: [{ lot: 'A' }, { lot: 'B' }] },
  },
  decoys: {
    claims: { name: 'Maria', address: { city: 'Porto' }, nationalities: ['DE', 'FR'] },
    disclosable: [['name'], ['address', 'city'], ['nationalities', 0]],
    decoys: [[], [], ['address'], ['nationalities'], ['nationalities']],
    disclose: [['address', 'city'], ['nationalities', 0]],
    frame: { _sd: ['name'], _sd_decoy: 3, address: { _sd: ['city'], _sd_decoy: 2 }, nationalities: { _sd: [0], _sd_decoy: 2 } },
    // Both tools count the elements with the decoys among them.
    pick: { address: { city: true }, nationalities: { 0: true, 1: true, 2: true, 3: true } },
    pickPython: { address: { city: true }, nationalities: [true, true, true, true] },
    visible: { address: { city: 'Porto' }, nationalities: ['DE', 'FR'] },
  },
};

function instance({ issuer, holder, ...more }) {
  const signs = ({ alg, secret }) => (data) =>
    sign(curves[alg][2], Buffer.from(data), { key: createPrivateKey({ key: secret, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }).toString('base64url');
  const verifies = (alg, jwk, data, signature) =>
    verify(curves[alg][2], Buffer.from(data), { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
  return new SDJwtVcInstance({
    signAlg: issuer.alg,
    ...(issuer.secret && { signer: signs(issuer) }),
    verifier: (data, signature) => verifies(issuer.alg, issuer.open, data, signature),
    ...(holder?.secret && { kbSigner: signs(holder), kbSignAlg: holder.alg }),
    kbVerifier: (data, signature, payload) => verifies(holder.alg, payload.cnf.jwk, data, signature),
    hasher: digest,
    hashAlg: 'sha-256',
    saltGenerator: generateSalt,
    ...more,
  });
}

const tools = {
  '@sd-jwt/sd-jwt-vc': {
    algorithms: ['ES256', 'ES384', 'EdDSA'],
    issue: (keys, shape, claims, header) =>
      instance(keys).issue({ ...claims, cnf: { jwk: keys.holder.open } }, shape.frame, { header }),
    present: (keys, shape, credential) =>
      instance(keys).present(credential, shape.pick, { kb: { payload: { iat: now, aud, nonce } } }),
    async verify(keys, presentation) {
      const { payload, kb } = await instance(keys).verify(presentation, { keyBindingNonce: nonce });
      assert.equal(kb.payload.aud, aud);
      return payload;
    },
  },
  'sd-jwt (Python)': {
    algorithms: ['ES256'],
    issue: async (keys, shape, claims, header) =>
      python('with_sd_jwt.py', {
        op: 'issue', key: keys.issuer.secret, holder: keys.holder.open, claims, disclosable: shape.disclosable,
        decoys: Boolean(shape.decoys), header,
      }),
    present: async (keys, shape, credential) =>
      python('with_sd_jwt.py', { op: 'present', key: keys.holder.secret, credential, pick: shape.pickPython, aud, nonce }),
    verify: async (keys, presentation) =>
      python('with_sd_jwt.py', { op: 'verify', key: keys.issuer.open, presentation, aud, nonce }),
  },
};

/** The claims about the holder, without those about the credential. */
function about({ iss, vct, iat, exp, cnf, status, ...rest }) {
  return rest;
}

const claimsOf = (shape) => ({ iss, vct, iat: now, exp: now + 3600, ...structuredClone(shape.claims) });

/** Our refusals of a presentation that is good as it stands: a byte, a key, a time, a session. */
async function altered(ours, good) {
  const code = (change, code) => ours.refuses('sd-jwt/check', { ...good, ...change }, code);
  const [jwt, ...rest] = good.presentation.split('~');
  const kb = rest.pop();
  const put = (jwt, disclosures, kb) => [jwt, ...disclosures, kb].join('~');
  await code({ presentation: put(flipped(jwt, 2), rest, kb) }, 'credential_bad_signature');
  await code({ presentation: put(jwt, rest, flipped(kb, 2)) }, 'key_binding_bad_signature');
  await code({ presentation: put(jwt, rest, '') }, 'key_binding_missing');
  await code({ presentation: put(jwt, rest.slice(0, -1), kb) }, 'key_binding_wrong_claims');
  const letter = rest[0][5] === 'A' ? 'B' : 'A';
  const answer = await ours.ask('sd-jwt/check', { ...good, presentation: put(jwt, [rest[0].slice(0, 5) + letter + rest[0].slice(6), ...rest.slice(1)], kb) });
  assert.match(answer.error, /^disclosure_/);
  const { alg } = good.keys.issuer;
  await code({ issuer: { iss, key: pair(alg).open } }, 'credential_bad_signature');
  await code({ issuer: { iss: 'https://other.example', key: good.keys.issuer.open } }, 'credential_wrong_issuer');
  await code({ now: now + 7200 }, 'credential_expired');
  await code({ now: now + 600 }, 'key_binding_stale');
  await code({ now: now - 600 }, 'credential_not_yet_valid');
  await code({ aud: 'https://other.example' }, 'key_binding_wrong_audience');
  await code({ nonce: 'other' }, 'key_binding_wrong_nonce');
  await code({ vct: 'other' }, 'credential_wrong_type');
}

function rowsOf(tool, alg, name) {
  const { issue, present, verify } = tools[tool];
  const shape = shapes[name];
  const format = `SD-JWT VC ${alg} ${name}`;
  return [
    {
      format,
      tool,
      direction: 'ours → theirs',
      async run(ours) {
        const keys = { issuer: pair(alg), holder: pair(alg) };
        const { disclosable, decoys, disclose } = shape;
        const credential = await ours.ok('sd-jwt/issue', { key: keys.issuer.secret, holder: keys.holder.open, claims: claimsOf(shape), disclosable, decoys });
        const ask = { credential, disclose, aud, nonce, iat: now, key: keys.holder.secret };
        const presentation = await ours.ok('sd-jwt/present', ask);
        assert.deepEqual(about(await verify(keys, presentation)), shape.visible);
        // Their holder shows our credential too, and ours accepts it back.
        const shown = await present(keys, shape, credential);
        const from = { issuer: { iss, key: keys.issuer.open }, vct, now, aud, nonce };
        assert.deepEqual(about(await ours.ok('sd-jwt/check', { ...from, presentation: shown })), shape.visible);
        await assert.rejects(async () => verify({ ...keys, issuer: pair(alg) }, presentation));
        const [jwt, ...rest] = presentation.split('~');
        await assert.rejects(async () => verify(keys, [flipped(jwt, 1), ...rest].join('~')));
      },
    },
    {
      format,
      tool,
      direction: 'theirs → ours',
      async run(ours) {
        const keys = { issuer: pair(alg), holder: pair(alg) };
        const credential = await issue(keys, shape, claimsOf(shape), { kid: 'one' });
        const metadata = { issuer: iss, jwks: { keys: [{ ...keys.issuer.open, kid: 'one' }] } };
        const from = { issuer: { iss, metadata }, vct, now };
        const received = await ours.ok('sd-jwt/receive', { ...from, credential, mine: keys.holder.open });
        assert.deepEqual(about(received), shape.claims);
        await ours.refuses('sd-jwt/receive', { ...from, credential, mine: pair(alg).open }, 'credential_wrong_holder');
        const unlisted = { iss, metadata: { issuer: iss, jwks: { keys: [{ ...keys.issuer.open, kid: 'two' }] } } };
        await ours.refuses('sd-jwt/receive', { ...from, issuer: unlisted, credential, mine: keys.holder.open }, 'credential_unknown_key');

        const presentation = await present(keys, shape, credential);
        const good = { ...from, presentation, aud, nonce, keys };
        assert.deepEqual(about(await ours.ok('sd-jwt/check', good)), shape.visible);
        await altered(ours, good);
        // We show their credential, and they accept it back.
        const shown = await ours.ok('sd-jwt/present', { credential, disclose: shape.disclose, aud, nonce, iat: now, key: keys.holder.secret });
        assert.deepEqual(about(await verify(keys, shown)), shape.visible);
      },
    },
  ];
}

const entries = [0, 1, 2, 3];
const words = ['valid', 'status_revoked', 'status_suspended', 'status_unknown'];

const statusRows = [
  {
    format: 'Token Status List',
    tool: '@sd-jwt/sd-jwt-vc',
    direction: 'ours → theirs',
    async run(ours) {
      const keys = { issuer: pair('ES256'), holder: pair('ES256') };
      const text = await ours.ok('sd-jwt/publish', { key: keys.issuer.secret, uri, iat: now, entries });
      const theirs = instance({ ...keys, statusListFetcher: async (asked) => (assert.equal(asked, uri), text) });
      for (const idx of entries) {
        const claims = { ...claimsOf(shapes.flat), status: { status_list: { idx, uri } } };
        const credential = await ours.ok('sd-jwt/issue', { key: keys.issuer.secret, holder: keys.holder.open, claims, disclosable: [] });
        if (idx === 0) await theirs.verify(credential);
        else await assert.rejects(theirs.verify(credential), /[Ss]tatus/);
      }
    },
  },
  {
    format: 'Token Status List',
    tool: '@sd-jwt/jwt-status-list',
    direction: 'theirs → ours',
    async run(ours) {
      const keys = { issuer: pair('ES256'), holder: pair('ES256') };
      const list = new StatusList([...entries, 0, 0, 0, 0], 2);
      const publish = async (more) => {
        const { header, payload } = createHeaderAndPayload(list, { iss, sub: uri, iat: now, ...more }, { alg: 'ES256', typ: 'statuslist+jwt' });
        return new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader(header).sign(await importJWK(keys.issuer.secret, 'ES256'));
      };
      const text = await publish({});
      const ask = async (idx, text, at = now) => {
        const claims = { ...claimsOf(shapes.flat), exp: now + 1_000_000, status: { status_list: { idx, uri } } };
        const credential = await instance(keys).issue({ ...claims, cnf: { jwk: keys.holder.open } }, shapes.flat.frame);
        return { credential, mine: keys.holder.open, issuer: { iss, key: keys.issuer.open }, vct, now: at, ...(text && { status: { uri, text } }) };
      };
      await ours.ok('sd-jwt/receive', await ask(0, text));
      for (const idx of entries.slice(1)) await ours.refuses('sd-jwt/receive', await ask(idx, text), words[idx]);
      const refuses = async (code, ...question) => ours.refuses('sd-jwt/receive', await ask(...question), code);
      await refuses('credential_status_unchecked', 0, undefined);
      await refuses('status_no_such_entry', 8, text);
      await refuses('status_list_bad_signature', 0, flipped(text, 2));
      await refuses('status_list_bad_signature', 0, flipped(text, 1));
      await refuses('status_list_too_old', 0, text, now + 86_400);
      await refuses('status_list_too_old', 0, await publish({ exp: now - 100 }));
      await refuses('status_other_list', 0, await publish({ sub: 'https://other.example' }));
    },
  },
];

const combinations = Object.entries(tools).flatMap(([tool, { algorithms }]) =>
  algorithms.flatMap((alg) => Object.keys(shapes).map((shape) => [tool, alg, shape])),
);
export const rows = [...combinations.flatMap((combination) => rowsOf(...combination)), ...statusRows];
