// OpenID4VCI 1.0 with npm `@openid4vc/openid4vci`: as a wallet against our station, and as an issuer against our wallet.
import assert from 'node:assert/strict';
import { digest } from '@sd-jwt/crypto-nodejs';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { clientAuthenticationNone } from '@openid4vc/oauth2';
import { Openid4vciClient } from '@openid4vc/openid4vci';
import { compactVerify, decodeJwt, decodeProtectedHeader, importJWK, importX509 } from 'jose';
import { callbacks, fetchLocally, key, signer, station } from '../openid4vci.mjs';
import { issuerRows } from '../openid4vci-issuer.mjs';

const tool = '@openid4vc/openid4vci 0.4.6';
const claims = { insurer: 'Sunrise', plan: 'Family', member_number: 'S-77', valid_until: '2031-12-31' };

let running;
/** One station for all rows. */
const ours = () => (running ??= station('Sunrise Insurance'));

async function offered(template = 'insurance') {
  const { status, value } = await (await ours()).staff('POST', '/api/cards/offers', { template, claims });
  assert.equal(status, 200, JSON.stringify(value));
  return value;
}

/** A wallet that has read an offer, and the keys it works with. */
async function begun(offer, uri = offer.uri, further = {}) {
  const dpop = key();
  const copies = [key(), key(), key()];
  const client = new Openid4vciClient({ callbacks: { ...callbacks(dpop, ...copies), ...further } });
  const credentialOffer = await client.resolveCredentialOffer(uri);
  const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer);
  const token = (txCode) => client.retrievePreAuthorizedCodeAccessTokenFromOffer({ credentialOffer, issuerMetadata, txCode, dpop: { signer: signer(dpop) } });
  const proofs = (nonce, keys = copies) =>
    Promise.all(keys.map(async (one) => (await client.createCredentialRequestJwtProof({ issuerMetadata, signer: signer(one), nonce, credentialConfigurationId: 'insurance' })).jwt));
  const credentials = (accessToken, jwt, by = dpop) => client.retrieveCredentials({ issuerMetadata, proofs: { jwt }, credentialConfigurationId: 'insurance', accessToken, dpop: { signer: signer(by) } });
  return { client, credentialOffer, issuerMetadata, token, proofs, credentials, copies, dpop };
}

/** A refusal as OAuth names it. */
async function refused(code, act) {
  await assert.rejects(act, (error) => {
    const said = error.errorResponse?.error ?? error.response?.credentialErrorResponseResult?.data?.error ?? error.response?.credentialErrorResponse?.error;
    assert.equal(said ?? error.message, code);
    return true;
  });
}

/** What `@sd-jwt/sd-jwt-vc` and plain crypto say about a copy. */
async function accepted(text, own) {
  const certificate = decodeProtectedHeader(text.split('~')[0]).x5c[0];
  const issuerKey = await importX509(`-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----`, 'ES256');
  const verifier = async (data, signature) => {
    await compactVerify(`${data}.${signature}`, issuerKey);
    return true;
  };
  const sdjwt = new SDJwtVcInstance({
    hasher: digest,
    verifier,
    statusListFetcher: async (uri) => (await fetchLocally(uri)).text(),
    statusVerifier: verifier,
  });
  const { payload } = await sdjwt.verify(text);
  assert.deepEqual([payload.cnf.jwk.x, payload.cnf.jwk.y], [own.open.x, own.open.y]);
  for (const [name, value] of Object.entries(claims)) assert.equal(payload[name], value);
  assert.equal(payload.vct, 'urn:carnet:insurance-card:1');
  return payload;
}

async function taken(value) {
  const offer = await offered();
  // By value: the very offer that the reference leads to.
  const uri = value ? `openid-credential-offer://?credential_offer=${encodeURIComponent(await (await fetchLocally(new URL(offer.uri).searchParams.get('credential_offer_uri'))).text())}` : offer.uri;
  const wallet = await begun(offer, uri);
  const { accessTokenResponse } = await wallet.token(offer.pin);
  assert.equal(accessTokenResponse.token_type, 'DPoP');
  const { c_nonce } = await wallet.client.requestNonce({ issuerMetadata: wallet.issuerMetadata });
  const jwt = await wallet.proofs(c_nonce);
  const { credentialResponse } = await wallet.credentials(accessTokenResponse.access_token, jwt);
  const copies = credentialResponse.credentials.map((one) => one.credential);
  assert.equal(copies.length, 3);
  const places = new Set();
  const disclosures = copies.flatMap((text) => text.split('~').slice(1, -1));
  for (const [i, text] of copies.entries()) {
    const payload = await accepted(text, wallet.copies[i]);
    places.add(payload.status.status_list.idx);
    assert.ok(!text.split('~')[0].includes('S-77') && !JSON.stringify(decodeJwt(text.split('~')[0])).includes('S-77'), 'what can be withheld stands in the clear');
  }
  assert.equal(places.size, 3);
  assert.equal(new Set(disclosures).size, disclosures.length);
  const { issuerMetadata, dpop } = wallet;
  await wallet.client.sendNotification({ issuerMetadata, notification: { notificationId: credentialResponse.notification_id, event: 'credential_accepted' }, accessToken: accessTokenResponse.access_token, dpop: { signer: signer(dpop) } });
  const { value: seen } = await (await ours()).staff('GET', `/api/cards/offers/${offer.id}`);
  assert.deepEqual([seen.state, seen.copies], ['accepted', 3]);

  // A nonce counts once, a code counts once, a token only with its key.
  await refused('invalid_nonce', () => wallet.credentials(accessTokenResponse.access_token, jwt));
  await refused('invalid_grant', () => wallet.token(offer.pin));
  const fresh = (await wallet.client.requestNonce({ issuerMetadata })).c_nonce;
  const other = await begunKey(wallet);
  await refused('invalid_dpop_proof', async () => other.credentials(accessTokenResponse.access_token, await wallet.proofs(fresh)));
  return { copies, offer };
}

/** The same wallet with another key for its tokens. */
async function begunKey(wallet) {
  const stranger = key();
  const client = new Openid4vciClient({ callbacks: callbacks(stranger) });
  return { credentials: (accessToken, jwt) => client.retrieveCredentials({ issuerMetadata: wallet.issuerMetadata, proofs: { jwt }, credentialConfigurationId: 'insurance', accessToken, dpop: { signer: signer(stranger) } }) };
}

/** A sign-in on our station's page, begun and ended by their wallet (PAR, PKCE); the browser in between is this function. */
async function signedIn() {
  const { value: offer } = await (await ours()).staff('POST', '/api/cards/offers', { template: 'insurance', claims, sign_in: true });
  const clientId = 'their-wallet';
  const wallet = await begun(offer, offer.uri, { clientAuthentication: clientAuthenticationNone({ clientId }) });
  const { client, credentialOffer, issuerMetadata } = wallet;
  const redirectUri = 'http://127.0.0.1:9/back';
  const dpop = { signer: signer(wallet.dpop) };
  const started = await client.initiateAuthorization({ credentialOffer, issuerMetadata, clientId, redirectUri, scope: 'insurance', dpop });
  const page = new URL(started.authorizationRequestUrl);
  assert.ok(page.searchParams.get('request_uri') && !page.searchParams.has('issuer_state'), 'the request was not pushed');
  const typed = (pin) => fetchLocally(page, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams([...page.searchParams, ['pin', pin]]) });
  assert.equal((await typed(wrong(offer.pin))).status, 200);
  const answer = await typed(offer.pin);
  assert.equal(answer.status, 303);
  const back = new URL(answer.headers.get('location'));
  assert.deepEqual([back.origin + back.pathname, back.searchParams.get('iss')], [redirectUri, (await ours()).url]);
  const authorizationCode = back.searchParams.get('code');
  const token = (pkceCodeVerifier) => client.retrieveAuthorizationCodeAccessTokenFromOffer({ issuerMetadata, credentialOffer, authorizationCode, pkceCodeVerifier, redirectUri, dpop });
  const { access_token } = (await token(started.pkce.codeVerifier)).accessTokenResponse;
  const { c_nonce } = await client.requestNonce({ issuerMetadata });
  const { credentialResponse } = await wallet.credentials(access_token, await wallet.proofs(c_nonce));
  await accepted(credentialResponse.credentials[2].credential, wallet.copies[2]);
  await refused('invalid_grant', () => token(started.pkce.codeVerifier));
}

const wrong = (pin) => (pin === '000000' ? '000001' : '000000');

async function wrongPins() {
  const offer = await offered();
  const wallet = await begun(offer);
  for (let i = 0; i < 5; i += 1) await refused('invalid_grant', () => wallet.token(wrong(offer.pin)));
  await refused('invalid_grant', () => wallet.token(offer.pin));
  const { value } = await (await ours()).staff('GET', `/api/cards/offers/${offer.id}`);
  assert.deepEqual([value.state, value.tries_left, value.pin, value.uri], ['locked', 0, null, null]);
}

async function wrongProofs() {
  const offer = await offered();
  const wallet = await begun(offer);
  const { access_token } = (await wallet.token(offer.pin)).accessTokenResponse;
  const nonce = async () => (await wallet.client.requestNonce({ issuerMetadata: wallet.issuerMetadata })).c_nonce;
  const [one] = wallet.copies;
  await refused('invalid_proof', async () => wallet.credentials(access_token, await wallet.proofs(await nonce(), [one, one])));
  await refused('invalid_nonce', async () => wallet.credentials(access_token, await wallet.proofs('AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')));
  const [proof] = await wallet.proofs(await nonce(), [one]);
  const flipped = proof.slice(0, -3) + (proof.at(-3) === 'A' ? 'B' : 'A') + proof.slice(-2);
  await refused('invalid_proof', () => wallet.credentials(access_token, [flipped]));
}

async function revokedInTheList() {
  const { copies, offer } = await taken(false);
  await (await ours()).staff('POST', `/api/cards/offers/${offer.id}/revoke`, {});
  await assert.rejects(() => accepted(copies[0], { open: decodeJwt(copies[0].split('~')[0]).cnf.jwk }), /[Ss]tatus/);
}

async function metadata() {
  const { url } = await ours();
  const found = await (await fetchLocally(`${url}/.well-known/jwt-vc-issuer`)).json();
  assert.equal(found.issuer, url);
  const { copies } = await taken(false);
  await compactVerify(copies[0].split('~')[0], await importJWK(found.jwks.keys[0], 'ES256'));
  const type = await (await fetchLocally(`${url}/issue/types/insurance`)).json();
  assert.equal(type.vct, decodeJwt(copies[0].split('~')[0]).vct);
}

const row = (direction, run) => ({ format: 'OpenID4VCI 1.0', tool, direction, run });
export const rows = [
  row('wallet → our station: offer by reference, PIN, DPoP, nonce, batch of 3', () => taken(false)),
  row('wallet → our station: offer by value', () => taken(true)),
  row('wallet → our station: five wrong PINs lock the code', wrongPins),
  row('wallet → our station: one key twice, an old nonce, an altered proof', wrongProofs),
  row('wallet → our station: sign-in with PAR and PKCE', signedIn),
  row('wallet → our station: taken back, in the status list', revokedInTheList),
  row('wallet → our station: keys and type at their addresses', metadata),
  ...issuerRows(tool),
  row('our station ends', async () => (await ours()).end()),
];
