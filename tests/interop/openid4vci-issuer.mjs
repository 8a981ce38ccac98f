// `@openid4vc/openid4vci` as an issuer, listed for this run, against the real `carnet`: once as it should be, and then with one thing
// wrong at a time.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { digest, generateSalt } from '@sd-jwt/crypto-nodejs';
import { createHeaderAndPayload, StatusList } from '@sd-jwt/jwt-status-list';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { Oauth2AuthorizationServer, Oauth2ResourceServer } from '@openid4vc/oauth2';
import { Openid4vciIssuer } from '@openid4vc/openid4vci';
import { CompactSign, importJWK } from 'jose';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { callbacks, folder, key, signer, tls, trustList, wallet } from './openid4vci.mjs';

const vct = 'urn:example:insurance-card:1';
const pin = '493017';
const now = () => Math.floor(Date.now() / 1000);
/** The same for every copy: one card. */
const exp = now() + 86_400;

async function sign(header, payload, secret) {
  const signed = new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader({ alg: 'ES256', ...header });
  return signed.sign(await importJWK(secret, 'ES256'));
}

/** A listed issuer. `wrong` names what it does wrong from now on. */
async function start() {
  const own = key();
  const { pin: spki_sha256, ...certificate } = tls();
  const as = { issuer: new Openid4vciIssuer({ callbacks: callbacks(own) }), server: new Oauth2AuthorizationServer({ callbacks: callbacks(own) }), resource: new Oauth2ResourceServer({ callbacks: callbacks(own) }) };
  const state = { wrong: null, asked: [], told: [], nonce: 'n0', code: 'c0' };
  const http = createServer(certificate, async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    state.asked.push(`${request.method} ${request.url}`);
    const answer = (status, value, type = 'application/json') => response.writeHead(status, { 'content-type': type }).end(typeof value === 'string' ? value : JSON.stringify(value));
    try {
      await route(request, Buffer.concat(parts).toString(), answer);
    } catch (error) {
      answer(error.errorResponse ? 400 : 500, error.errorResponse ?? { error: 'server_error', error_description: String(error) });
    }
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const url = `https://127.0.0.1:${http.address().port}`;

  const credentialIssuer = () =>
    as.issuer.createCredentialIssuerMetadata({
      credential_issuer: state.wrong === 'metadata' ? 'https://127.0.0.1:1' : url,
      credential_endpoint: state.wrong === 'endpoint' ? 'https://127.0.0.1:1/credential' : `${url}/credential`,
      nonce_endpoint: `${url}/nonce`,
      notification_endpoint: `${url}/notification`,
      batch_credential_issuance: { batch_size: 3 },
      authorization_servers: state.wrong === 'server' ? ['https://127.0.0.1:1'] : undefined,
      credential_configurations_supported: {
        card: {
          format: 'dc+sd-jwt',
          vct,
          cryptographic_binding_methods_supported: ['jwk'],
          credential_signing_alg_values_supported: ['ES256'],
          proof_types_supported: { jwt: { proof_signing_alg_values_supported: ['ES256'] } },
          credential_metadata: { display: [{ name: 'Insurance card', locale: 'en' }], claims: [{ path: ['plan'], display: [{ name: 'Plan', locale: 'en' }] }] },
        },
      },
    });
  const authorizationServer = () =>
    as.server.createAuthorizationServerMetadata({
      issuer: url,
      token_endpoint: state.wrong === 'token endpoint' ? 'https://127.0.0.1:1/token' : `${url}/token`,
      dpop_signing_alg_values_supported: state.wrong === 'no dpop' ? undefined : ['ES256'],
      grant_types_supported: ['urn:ietf:params:oauth:grant-type:pre-authorized_code'],
      jwks_uri: `${url}/jwks`,
    });
  const metadata = () => ({ credentialIssuer: credentialIssuer(), authorizationServers: [authorizationServer()], originalDraftVersion: 'V1', knownCredentialConfigurations: credentialIssuer().credential_configurations_supported });
  const like = (request) => ({ headers: new Headers(request.headers), method: request.method, url: url + request.url });

  async function route(request, body, answer) {
    if (request.url === '/.well-known/openid-credential-issuer') return answer(200, credentialIssuer());
    if (request.url === '/.well-known/oauth-authorization-server') return answer(200, authorizationServer());
    if (request.url === '/offer') return answer(200, state.offer);
    if (request.url === '/jwks') return answer(200, { keys: [{ ...own.open, alg: 'ES256', use: 'sig' }] });
    if (request.url === '/statuses/1') return answer(200, await statuses(), 'application/statuslist+jwt');
    if (request.url === '/nonce') return answer(200, { c_nonce: (state.nonce = `n${Math.random()}`) });
    if (request.url === '/token') return answer(200, await token(request, body));
    if (request.url === '/notification') {
      state.told.push(JSON.parse(body).event);
      return answer(204, '');
    }
    if (request.url === '/credential') return answer(200, await credentials(request, JSON.parse(body)));
    return answer(404, { error: 'unknown' });
  }

  async function token(request, body) {
    const accessTokenRequest = Object.fromEntries(new URLSearchParams(body));
    const parsed = as.server.parseAccessTokenRequest({ request: like(request), accessTokenRequest });
    const { dpop } = await as.server.verifyPreAuthorizedCodeAccessTokenRequest({
      authorizationServerMetadata: authorizationServer(),
      request: like(request),
      accessTokenRequest: parsed.accessTokenRequest,
      grant: parsed.grant,
      expectedPreAuthorizedCode: state.code,
      expectedTxCode: pin,
      dpop: { required: true, jwt: parsed.dpop?.jwt, allowedSigningAlgs: ['ES256'] },
    });
    return as.server.createAccessTokenResponse({
      authorizationServer: url,
      audience: url,
      subject: 'patient',
      expiresInSeconds: 300,
      signer: signer(own),
      dpop: state.wrong === 'bearer' ? undefined : { jwk: dpop.jwk },
    });
  }

  async function credentials(request, credentialRequest) {
    await as.resource.verifyResourceRequest({ request: like(request), resourceServer: url, authorizationServers: [authorizationServer()], allowedAuthenticationSchemes: ['DPoP'] });
    const parsed = as.issuer.parseCredentialRequest({ issuerMetadata: metadata(), credentialRequest });
    const keys = [];
    for (const jwt of parsed.proofs.jwt) {
      const { signer: by } = await as.issuer.verifyCredentialRequestJwtProof({ issuerMetadata: metadata(), expectedNonce: state.nonce, jwt });
      keys.push(by.publicJwk);
    }
    const all = await Promise.all(keys.map((jwk, i) => copy(i, jwk, keys)));
    return as.issuer.createCredentialResponse({ credentialRequest: parsed, credentials: all.map((credential) => ({ credential })), notificationId: 'told' });
  }

  async function copy(i, jwk, keys) {
    const { wrong } = state;
    const last = i === keys.length - 1;
    const payload = { iss: url, vct, iat: now(), exp, plan: 'Family', member_number: 'S-77', cnf: { jwk }, status: { status_list: { uri: `${url}/statuses/1`, idx: 10 + i * 7 } } };
    const by = wrong === 'signature' ? key() : own;
    if (wrong === 'vct') payload.vct = 'urn:example:other:1';
    if (wrong === 'cnf' && last) payload.cnf = { jwk: key().open };
    if (wrong === 'same cnf') payload.cnf = { jwk: keys[0] };
    if (wrong === 'unbound') delete payload.cnf;
    if (wrong === 'mixed' && last) payload.plan = 'Single';
    if (wrong === 'issuer') payload.iss = 'https://elsewhere.example';
    if (wrong === 'expired') payload.exp = now() - 10;
    if (wrong === 'future') payload.iat = now() + 3_600;
    if (wrong === 'same place') payload.status.status_list.idx = 10;
    const instance = new SDJwtVcInstance({ hasher: digest, hashAlg: 'sha-256', saltGenerator: generateSalt, signAlg: 'ES256', signer: async (data) => (await sign2(data, by.secret)) });
    return instance.issue(payload, { _sd: ['plan', 'member_number'] });
  }

  async function statuses() {
    const list = new StatusList(Array.from({ length: 1024 }, (_, i) => (state.wrong === 'revoked' && i === 24 ? 1 : 0)), 1);
    const made = createHeaderAndPayload(list, { iss: url, sub: `${url}/statuses/1`, iat: now() }, { alg: 'ES256', typ: 'statuslist+jwt' });
    return sign(made.header, made.payload, own.secret);
  }

  const purposes = [];
  const entry = { id: 'sunrise', name: 'Sunrise Insurance', client_ids: ['x509_hash:none'], origins: [url], purposes, roles: ['issuer'], registries: [], log_keys: [], issuer_keys: [own.open], offline_keys: [], local: { spki_sha256 } };
  return {
    state,
    url,
    trust: trustList(entry),
    async offer(wrong) {
      Object.assign(state, { wrong, asked: [], told: [], code: `c${Math.random()}` });
      const grants = { 'urn:ietf:params:oauth:grant-type:pre-authorized_code': { 'pre-authorized_code': state.code, tx_code: { input_mode: 'numeric', length: 6 } } };
      state.wrong = null;
      const made = await as.issuer.createCredentialOffer({ issuerMetadata: metadata(), credentialConfigurationIds: ['card'], grants });
      state.wrong = wrong;
      state.offer = made.credentialOfferObject;
      return made.credentialOffer;
    },
    end: () => http.close().closeAllConnections(),
  };
}

/** A raw ES256 signature, as `@sd-jwt` wants it. */
async function sign2(data, secret) {
  const imported = await importJWK(secret, 'ES256');
  const bytes = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, imported, new TextEncoder().encode(data));
  return Buffer.from(bytes).toString('base64url');
}

/** What goes wrong, under which code it is refused, and how far the wallet may have gone. */
const WRONGS = [
  ['vct', 'issued_wrong_type'],
  ['cnf', 'issued_wrong_key'],
  ['same cnf', 'issued_same_key'],
  ['unbound', 'issued_not_bound'],
  ['mixed', 'issued_copies_differ'],
  ['issuer', 'issued_wrong_issuer'],
  ['signature', 'issued_bad_signature'],
  ['revoked', 'issued_already_revoked'],
  ['expired', 'issued_expired'],
  ['future', 'issued_from_the_future'],
  ['same place', 'issued_copies_linkable'],
];
/** Refused before a PIN is asked for: no code and no PIN leaves the wallet. */
const MIX_UPS = [
  ['metadata', 'issuer_metadata_other_issuer'],
  ['endpoint', 'issuer_foreign_address'],
  ['server', 'issuer_foreign_server'],
  ['token endpoint', 'issuer_foreign_server'],
  ['no dpop', 'issuer_without_dpop'],
];

export function issuerRows(tool) {
  let running;
  const theirs = async () => (running ??= (async () => {
    const issuer = await start();
    const ours = wallet(issuer.trust);
    assert.ok((await ours.run('init')).ok);
    const file = join(folder(), 'pin');
    writeFileSync(file, pin);
    return { issuer, ours, accept: (uri) => ours.run('credentials', 'accept', uri, '--pin-file', file) };
  })());
  const none = async (ours) => assert.deepEqual((await ours.run('credentials', 'list')).ok.cards, []);
  const row = (direction, run) => ({ format: 'OpenID4VCI 1.0', tool, direction: `issuer → our wallet: ${direction}`, run });
  return [
    ...MIX_UPS.map(([wrong, code]) =>
      row(`wrong ${wrong} is ${code}`, async () => {
        const { issuer, ours, accept } = await theirs();
        assert.deepEqual(await accept(await issuer.offer(wrong)), { error: code });
        assert.ok(!issuer.state.asked.some((asked) => asked.startsWith('POST')), 'something was sent');
        await none(ours);
      })
    ),
    ...WRONGS.map(([wrong, code]) =>
      row(`wrong ${wrong} is ${code}`, async () => {
        const { issuer, ours, accept } = await theirs();
        assert.deepEqual(await accept(await issuer.offer(wrong)), { error: code });
        assert.deepEqual(issuer.state.told, ['credential_failure']);
        await none(ours);
      })
    ),
    row('a token for whoever has it is token_not_bound', async () => {
      const { issuer, ours, accept } = await theirs();
      assert.deepEqual(await accept(await issuer.offer('bearer')), { error: 'token_not_bound' });
      await none(ours);
    }),
    row('somebody who is not listed is issuer_not_listed', async () => {
      const { issuer, accept } = await theirs();
      const offer = new URL(await issuer.offer(null));
      const other = JSON.parse(offer.searchParams.get('credential_offer'));
      other.credential_issuer = 'https://127.0.0.1:1';
      const uri = `openid-credential-offer://?credential_offer=${encodeURIComponent(JSON.stringify(other))}`;
      assert.deepEqual(await accept(uri), { error: 'issuer_not_listed' });
      assert.deepEqual(issuer.state.asked, []);
    }),
    row('accepted: 3 copies by value, then by reference', async () => {
      const { issuer, ours, accept } = await theirs();
      const { ok } = await accept(await issuer.offer(null));
      assert.deepEqual([ok?.cards[0].copies, ok?.cards[0].title, ok?.cards[0].refillable], [3, 'Insurance card', false]);
      assert.deepEqual(issuer.state.told, ['credential_accepted']);
      await issuer.offer(null);
      const again = await accept(`openid-credential-offer://?credential_offer_uri=${encodeURIComponent(`${issuer.url}/offer`)}`);
      assert.equal(again.ok?.cards[0].copies, 6, JSON.stringify(again));
      assert.equal((await ours.run('credentials', 'check', again.ok.cards[0].id)).ok.line.status.state, 'valid');
      issuer.end();
    }),
  ];
}
