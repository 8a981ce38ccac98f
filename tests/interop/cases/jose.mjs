// JWS and JWE, with npm `jose` and PyPI `jwcrypto`, both ways.
import assert from 'node:assert/strict';
import * as jose from 'jose';
import { python } from '../python.mjs';
import { flipped } from '../altered.mjs';

const payload = { iss: 'https://issuer.example', n: 7, text: 'Ångström' };
const typ = 'example+jwt';
const content = 'for the recipient only: Ångström';

async function pair(alg) {
  const options = { extractable: true, ...(alg === 'ECDH-ES' && { crv: 'P-256' }) };
  const { privateKey, publicKey } = await jose.generateKeyPair(alg, options);
  return { secret: await jose.exportJWK(privateKey), open: await jose.exportJWK(publicKey) };
}

const tools = {
  jose: {
    sign: async (alg, key) =>
      new jose.CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
        .setProtectedHeader({ alg, typ })
        .sign(await jose.importJWK(key, alg)),
    verify: async (alg, jws, key) => {
      const { payload, protectedHeader } = await jose.compactVerify(jws, await jose.importJWK(key, alg), { algorithms: [alg] });
      return { payload: JSON.parse(new TextDecoder().decode(payload)), header: protectedHeader };
    },
    encrypt: async (key) =>
      new jose.CompactEncrypt(new TextEncoder().encode(content))
        .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
        .setKeyManagementParameters({ apu: new TextEncoder().encode('us'), apv: new TextEncoder().encode('them') })
        .encrypt(await jose.importJWK(key, 'ECDH-ES')),
    decrypt: async (jwe, key) =>
      new TextDecoder().decode((await jose.compactDecrypt(jwe, await jose.importJWK(key, 'ECDH-ES'))).plaintext),
  },
  jwcrypto: {
    sign: async (alg, key) => python('with_jwcrypto.py', { op: 'sign', alg, typ, key, payload }),
    verify: async (alg, jws, key) => python('with_jwcrypto.py', { op: 'verify', alg, jws, key }),
    encrypt: async (key) => python('with_jwcrypto.py', { op: 'encrypt', key, content }),
    decrypt: async (jwe, key) => python('with_jwcrypto.py', { op: 'decrypt', jwe, key }),
  },
};

function rowsOf(tool) {
  const signed = ['ES256', 'ES384', 'EdDSA'].flatMap((alg) => [
    {
      format: `JWS ${alg}`,
      tool,
      direction: 'ours → theirs',
      async run(ours) {
        const { secret, open } = await pair(alg);
        const other = await pair(alg);
        const jws = await ours.ok('jose/sign', { key: secret, typ, payload });
        const verified = await tools[tool].verify(alg, jws, open);
        assert.deepEqual(verified.payload, payload);
        assert.deepEqual(verified.header, { alg, typ });
        await assert.rejects(async () => tools[tool].verify(alg, jws, other.open));
        await assert.rejects(async () => tools[tool].verify(alg, flipped(jws, 1), open));
      },
    },
    {
      format: `JWS ${alg}`,
      tool,
      direction: 'theirs → ours',
      async run(ours) {
        const { secret, open } = await pair(alg);
        const other = await pair(alg);
        const jws = await tools[tool].sign(alg, secret);
        const input = { key: open, typ, jws };
        assert.deepEqual(await ours.ok('jose/verify', input), payload);
        await ours.refuses('jose/verify', { ...input, jws: flipped(jws, 1) }, 'jws_bad_signature');
        await ours.refuses('jose/verify', { ...input, jws: flipped(jws, 2) }, 'jws_bad_signature');
        await ours.refuses('jose/verify', { ...input, key: other.open }, 'jws_bad_signature');
        await ours.refuses('jose/verify', { ...input, typ: 'other+jwt' }, 'jws_wrong_type');
        const wrong = (await pair(alg === 'ES256' ? 'ES384' : 'ES256')).open;
        await ours.refuses('jose/verify', { ...input, key: wrong }, 'jws_wrong_algorithm');
      },
    },
  ]);
  const sealed = [
    {
      format: 'JWE ECDH-ES A256GCM',
      tool,
      direction: 'ours → theirs',
      async run(ours) {
        const { secret, open } = await pair('ECDH-ES');
        const other = await pair('ECDH-ES');
        const jwe = await ours.ok('jose/encrypt', { key: open, content });
        assert.equal(await tools[tool].decrypt(jwe, secret), content);
        await assert.rejects(async () => tools[tool].decrypt(jwe, other.secret));
      },
    },
    {
      format: 'JWE ECDH-ES A256GCM',
      tool,
      direction: 'theirs → ours',
      async run(ours) {
        const { secret, open } = await pair('ECDH-ES');
        const other = await pair('ECDH-ES');
        const jwe = await tools[tool].encrypt(open);
        assert.equal((await ours.ok('jose/decrypt', { key: secret, jwe })).content, content);
        await ours.refuses('jose/decrypt', { key: other.secret, jwe }, 'jwe_not_decryptable');
        for (const part of [2, 3, 4]) {
          await ours.refuses('jose/decrypt', { key: secret, jwe: flipped(jwe, part) }, 'jwe_not_decryptable');
        }
      },
    },
  ];
  return [...signed, ...sealed];
}

export const rows = Object.keys(tools).flatMap(rowsOf);
