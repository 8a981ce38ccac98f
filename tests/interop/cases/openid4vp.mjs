// OpenID4VP 1.0 with npm `@openid4vc/openid4vp` as verifier against our wallet and as wallet against our station, and the
// query language with npm `dcql`.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { Openid4vpClient, Openid4vpVerifier } from '@openid4vc/openid4vp';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import { DcqlPresentationResult, DcqlQuery } from 'dcql';
import { calculateJwkThumbprint } from 'jose';
import { callbacks, Carnet, entry, fetchPinned, folder, identity, now, random, sdJwt, server, Station, trustList } from '../openid4vp.mjs';

const tool = '@openid4vc/openid4vp';
const vct = 'urn:example:insurance:1';
const iss = 'https://sunrise.example';
const ledger = { chain_id: '7305881234', registry: `0x${'ab'.repeat(20)}` };

function pair() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { secret: privateKey, jwk: publicKey.export({ format: 'jwk' }) };
}

/** A card by an issuer that the list knows by its key. */
function card(issuer, holder, more = {}) {
  return sdJwt({ issuer }).issue(
    { iss, vct, iat: now(), exp: now() + 3600, plan: 'Family', member_number: 'S-77', country: 'PT', cnf: { jwk: holder }, ...more },
    { _sd: ['plan', 'member_number'] },
  );
}

const asksForCard = {
  credentials: [{ id: 'insurance', format: 'dc+sd-jwt', meta: { vct_values: [vct] }, claims: [{ path: ['plan'] }] }],
};

const didKey = async ({ jwk }) => `did:key:${(await EcdsaMultikey.fromJwk({ jwk })).publicKeyMultibase}`;

/** The kinds of client id: who the verifier is, where, and how it signs. */
const clientIds = {
  x509_hash: {
    id: ({ hash }) => `x509_hash:${hash}`,
    signer: ({ x5c }, id) => ({ method: 'x5c', alg: 'ES256', x5c, clientId: id }),
  },
  x509_san_dns: {
    host: 'localhost',
    id: () => 'x509_san_dns:localhost',
    signer: ({ x5c }, id) => ({ method: 'x5c', alg: 'ES256', x5c, clientId: id }),
  },
  decentralized_identifier: {
    id: async (identity) => `decentralized_identifier:${await didKey(identity)}`,
    signer: async (identity) => {
      const did = await didKey(identity);
      return { method: 'did', alg: 'ES256', didUrl: `${did}#${did.slice('did:key:'.length)}` };
    },
  },
};
const kinds = Object.keys(clientIds);

/** A verifier by the library, over TLS, with our wallet before it. */
class Verifier {
  static async start(kind) {
    const verifier = new Verifier();
    const within = folder();
    verifier.kind = kind;
    verifier.sessions = new Map();
    verifier.identity = identity(within, 'verifier');
    verifier.issuer = pair();
    const { origin, close } = await server(verifier.identity, (method, path, body) => verifier.serve(method, path, body), clientIds[kind].host);
    Object.assign(verifier, { origin, close });
    verifier.clientId = await clientIds[kind].id(verifier.identity);
    const list = trustList(within, [
      entry('verifier', {
        name: 'Verifier by npm', client_ids: [verifier.clientId], origins: [origin], purposes: ['TREAT'], roles: ['verifier'],
        registries: [{ ...ledger, address: ledger.registry, registry: undefined, endpoints: [`${origin}/ledger`], finality_seconds: 0, kind: 'embedded' }],
        log_keys: [pair().jwk], ...(kind === 'x509_san_dns' && { request_keys: [verifier.identity.jwk] }), local: { spki_sha256: verifier.identity.spki },
      }),
      entry('sunrise', { name: 'Sunrise Insurance', origins: [iss], roles: ['issuer'], issuer_keys: [verifier.issuer.jwk] }),
    ]);
    verifier.wallet = new Carnet(within, list);
    await verifier.wallet.ok('init');
    const allergy = { resourceType: 'AllergyIntolerance', id: 'a1', code: { text: 'Penicillin' }, patient: { reference: 'Patient/p1' } };
    await verifier.wallet.take('records', 'records.json', JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry: [{ resource: allergy }] }));
    return verifier;
  }

  serve(method, path, body) {
    const [, kind, id] = path.split('/');
    const session = this.sessions.get(id);
    if (!session) return { status: 404, body: '{}' };
    if (kind === 'request') return { type: 'application/oauth-authz-req+jwt', body: session.jwt };
    session.answers.push(Object.fromEntries(new URLSearchParams(body)));
    return { body: '{}' };
  }

  /** A fresh request; the link of its code. */
  async ask(query, { transactionData, change } = {}) {
    const id = random(16);
    const decryption = pair();
    const jwk = { ...decryption.jwk, alg: 'ECDH-ES', use: 'enc', kid: 'answer' };
    const requestUri = `${this.origin}/request/${id}`;
    const payload = {
      response_type: 'vp_token', response_mode: 'direct_post.jwt', client_id: this.clientId, response_uri: `${this.origin}/response/${id}`,
      nonce: random(), state: random(16), dcql_query: query,
      client_metadata: {
        jwks: { keys: [jwk] }, encrypted_response_enc_values_supported: ['A256GCM'],
        vp_formats_supported: { 'dc+sd-jwt': { 'sd-jwt_alg_values': ['ES256'], 'kb-jwt_alg_values': ['ES256'] } },
      },
      ...(transactionData && { transaction_data: [transactionData(id, this)] }),
    };
    const library = new Openid4vpVerifier({ callbacks: callbacks({ signer: this.identity, decryption: { ...decryption, jwk } }) });
    const made = await library.createOpenId4vpAuthorizationRequest({
      authorizationRequestPayload: payload,
      jar: {
        requestUri, expiresInSeconds: 300, jwtSigner: await clientIds[this.kind].signer(this.identity, this.clientId),
        additionalJwtPayload: { aud: 'https://self-issued.me/v2', iat: now(), exp: now() + 300 },
      },
    });
    const jwt = made.jar.authorizationRequestJwt;
    this.sessions.set(id, { library, payload, jwt: change ? change(jwt) : jwt, answers: [] });
    return { id, link: `openid4vp://?${new URLSearchParams({ client_id: this.clientId, request_uri: requestUri })}` };
  }

  /** The one answer, opened and read by the library. */
  async answer(id) {
    const { library, payload, answers } = this.sessions.get(id);
    assert.equal(answers.length, 1);
    const parsed = await library.parseOpenid4vpAuthorizationResponse({ authorizationRequestPayload: payload, authorizationResponse: answers[0], callbacks: library.options?.callbacks });
    assert.equal(parsed.type, 'dcql');
    assert.equal(parsed.jarm.type, 'Encrypted');
    return { parsed, payload };
  }
}

/** A request for a consent of ours, beside proof of the holder key. */
const holderQuery = { id: 'holder', format: 'dc+sd-jwt', meta: { vct_values: ['urn:carnet:holder:1'] } };
function consent(id, { origin, clientId }) {
  const hour = (at) => new Date(Math.floor(at / 3600e3) * 3600e3).toISOString().replace('.000', '');
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return Buffer.from(JSON.stringify({
    type: 'urn:carnet:consent:1', credential_ids: ['holder'], transaction_data_hashes_alg: ['sha-256'],
    consent_id: crypto.randomUUID(), purpose: ['TREAT'], items: [{ scope: 'patient/AllergyIntolerance.rs', required: true }],
    period: { start: hour(Date.now()), end: hour(Date.now() + 48 * 3600e3) },
    recipient: { client_id: clientId, name: 'whatever', policy_uri: `${origin}/policy` }, retention: 'P2D', onward: 'none',
    delivery: { uri: `${origin}/delivery/${id}`, jwk: { ...publicKey.export({ format: 'jwk' }), alg: 'ECDH-ES', use: 'enc' } },
    manage: { uri: `${origin}/manage` }, ledger,
  })).toString('base64url');
}

/** Our wallet answers a consent of ours; the library and npm `dcql` accept it. Tells the key it is known by. */
async function answersConsent(verifier) {
  const { id, link } = await verifier.ask({ credentials: [holderQuery] }, { transactionData: consent });
  const question = await verifier.wallet.ok('inspect', link);
  assert.equal(question.verifier.name, 'Verifier by npm');
  assert.equal(question.items.length, 1);
  // It gives no promise, so nothing is delivered; the answer itself is what is looked at.
  await verifier.wallet.refuses('no_promise', 'answer', link, '--grant', 'all');
  const { parsed, payload } = await verifier.answer(id);
  const [presentation] = parsed.dcql.presentations.holder;
  const self = { jwk: JSON.parse(Buffer.from(presentation.split('.')[1], 'base64url')).cnf.jwk };
  const checked = await sdJwt({ issuer: self }).verify(presentation, { keyBindingNonce: payload.nonce });
  assert.equal(checked.kb.payload.aud, verifier.clientId);
  const hash = createHash('sha256').update(payload.transaction_data[0]).digest('base64url');
  assert.deepEqual(checked.kb.payload.transaction_data_hashes, [hash]);
  await verifier.wallet.refuses('already_answered', 'answer', link, '--grant', 'all');
  return self.jwk;
}

async function showsCard(verifier, holder) {
  await verifier.wallet.take('credentials', 'card.txt', await card(verifier.issuer, holder));
  const { id, link } = await verifier.ask(asksForCard);
  const question = await verifier.wallet.ok('inspect', link);
  const [option] = question.cards[0].options;
  assert.deepEqual(option.shown.map(({ label }) => label), ['Country', 'Plan']);
  const done = await verifier.wallet.ok('answer', link, '--card', `insurance=${option.card}`);
  assert.equal(done.state, 'shown');

  const { parsed, payload } = await verifier.answer(id);
  const [presentation] = parsed.dcql.presentations.insurance;
  const checked = await sdJwt({ issuer: verifier.issuer }).verify(presentation, { keyBindingNonce: payload.nonce, requiredClaimKeys: ['plan'] });
  assert.equal(checked.kb.payload.aud, verifier.clientId);
  const { plan, member_number: hidden, country } = checked.payload;
  assert.deepEqual({ plan, hidden, country }, { plan: 'Family', hidden: undefined, country: 'PT' });
  const query = DcqlQuery.parse(payload.dcql_query);
  const result = DcqlPresentationResult.fromDcqlPresentation(
    { insurance: [{ credential_format: 'dc+sd-jwt', vct, claims: checked.payload, cryptographic_holder_binding: true }] },
    { dcqlQuery: query },
  );
  assert.ok(result.can_be_satisfied);
  // Once is once: the code, and its one-time value under another code.
  await verifier.wallet.refuses('already_answered', 'answer', link, '--card', `insurance=${option.card}`);
  assert.equal(verifier.sessions.get(id).answers.length, 1);
}

async function refusesAltered(verifier) {
  const altered = (jwt) => {
    const [header, payload, signature] = jwt.split('.');
    const said = JSON.parse(Buffer.from(payload, 'base64url'));
    said.dcql_query.credentials[0].claims = [{ path: ['member_number'] }];
    return [header, Buffer.from(JSON.stringify(said)).toString('base64url'), signature].join('.');
  };
  const other = await verifier.ask(asksForCard, { change: altered });
  await verifier.wallet.refuses('request_bad_signature', 'inspect', other.link);
  const twice = { credentials: [asksForCard.credentials[0], { ...asksForCard.credentials[0], id: 'other' }] };
  const renamed = (jwt) => jwt.replace(/^[^.]+/, (header) => {
    const said = JSON.parse(Buffer.from(header, 'base64url'));
    return Buffer.from(JSON.stringify({ ...said, alg: 'none' })).toString('base64url');
  });
  const unsigned = await verifier.ask(twice, { change: renamed });
  await verifier.wallet.refuses('request_unsigned', 'inspect', unsigned.link);
  const foreign = await verifier.ask(asksForCard);
  const stranger = foreign.link.replace(/request_uri=[^&]+/, `request_uri=${encodeURIComponent('https://127.0.0.1:1/r')}`);
  await verifier.wallet.refuses('request_uri_origin', 'inspect', stranger);
}

const verifierRows = kinds.map((kind) => ({
  format: `OpenID4VP ${kind}`, tool, direction: 'they ask, our wallet answers',
  async run() {
    const verifier = await Verifier.start(kind);
    const holder = await answersConsent(verifier);
    await showsCard(verifier, holder);
    await refusesAltered(verifier);
    verifier.close();
  },
}));

/** What the digits at the desk are, where only a card was shown. */
async function digits(requestJwt, holder) {
  const thumbprint = Buffer.from(await calculateJwkThumbprint(holder.jwk), 'base64url');
  const code = createHash('sha256').update('carnet-code-v1').update(createHash('sha256').update(requestJwt).digest()).update(thumbprint).update(Buffer.alloc(32)).digest();
  return String(code.readBigUInt64BE() % 10000n).padStart(4, '0');
}

const walletRow = (kind) => ({
  format: `OpenID4VP ${kind}`, tool, direction: 'our station asks, they answer',
  async run() {
    const within = folder();
    const [issuer, holder] = [pair(), pair()];
    const station = await Station.start(within, kind);
    trustList(within, [station.entry, entry('sunrise', { name: 'Sunrise Insurance', origins: [iss], roles: ['issuer'], issuer_keys: [issuer.jwk] })]);
    const client = new Openid4vpClient({ callbacks: callbacks() });
    const ask = async (issuers = []) => {
      const made = await station.desk('/api/requests', { cards: [{ id: 'insurance', vct, claims: ['plan'], issuers }] });
      assert.equal(made.status, 200, JSON.stringify(made.body));
      const { params } = client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: made.body.uri });
      const { authorizationRequestPayload: request, jar } = await client.resolveOpenId4vpAuthorizationRequest({ authorizationRequestPayload: params });
      return { id: made.body.id, request, jwt: jar.jwt.compact ?? (await (await fetchPinned(params.request_uri)).text()) };
    };
    const credential = await card(issuer, holder.jwk);
    const present = (request, { pick = { plan: true }, nonce = request.nonce, aud = request.client_id, from = credential, by = holder, iat = now() } = {}) =>
      sdJwt({ issuer, holder: by }).present(from, pick, { kb: { payload: { iat, aud, nonce } } });
    const answer = async (request, presentations) => {
      const made = await client.createOpenid4vpAuthorizationResponse({
        authorizationRequestPayload: request,
        authorizationResponsePayload: { vp_token: presentations },
        jarm: {
          encryption: { nonce: random(16) },
          serverMetadata: { authorization_encryption_alg_values_supported: ['ECDH-ES'], authorization_encryption_enc_values_supported: ['A256GCM'] },
        },
      });
      const send = async () => {
        const { response } = await client.submitOpenid4vpAuthorizationResponse({ authorizationRequestPayload: request, authorizationResponsePayload: made.authorizationResponsePayload, jarm: made.jarm });
        return { status: response.status, code: (await response.json()).error?.code };
      };
      return send;
    };

    const { id, request, jwt } = await ask();
    const mine = [{ credential_format: 'dc+sd-jwt', vct, claims: { plan: 'Family' }, cryptographic_holder_binding: true }];
    assert.ok(DcqlQuery.query(DcqlQuery.parse(request.dcql_query), mine).can_be_satisfied);
    const send = await answer(request, { insurance: [await present(request)] });
    assert.deepEqual(await send(), { status: 200, code: undefined });
    assert.deepEqual(await send(), { status: 410, code: 'request_used' });
    assert.deepEqual((await station.desk(`/api/requests/${id}`)).body.cards_shown, []);
    const confirmed = await station.desk(`/api/requests/${id}/confirm`, { code: await digits(jwt, holder) });
    assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body));
    const [shown] = (await station.desk(`/api/requests/${id}`)).body.cards_shown;
    assert.deepEqual([shown.issuer, shown.status], ['Sunrise Insurance', 'none']);
    assert.deepEqual(shown.claims, [{ label: 'Country', value: 'PT' }, { label: 'Plan', value: 'Family' }]);

    const refused = async (code, make) => {
      const fresh = await ask();
      const done = await (await answer(fresh.request, await make(fresh.request)))();
      assert.equal(done.code, code);
    };
    const one = (make) => async (request) => ({ insurance: [await make(request)] });
    await refused('key_binding_wrong_nonce', one(() => present(request, { aud: request.client_id })));
    await refused('key_binding_wrong_audience', one((fresh) => present(fresh, { aud: 'x509_hash:other' })));
    await refused('key_binding_stale', one((fresh) => present(fresh, { iat: now() - 600 })));
    await refused('key_binding_missing', one(async (fresh) => (await present(fresh)).replace(/~[^~]*$/, '~')));
    await refused('key_binding_bad_signature', one((fresh) => present(fresh, { by: pair() })));
    await refused('answer_too_much', one((fresh) => present(fresh, { pick: { plan: true, member_number: true } })));
    await refused('answer_too_little', one((fresh) => present(fresh, { pick: {} })));
    await refused('credential_wrong_type', one(async (fresh) => present(fresh, { from: await card(issuer, holder.jwk, { vct: 'urn:other:1' }) })));
    await refused('credential_expired', one(async (fresh) => present(fresh, { from: await card(issuer, holder.jwk, { exp: now() - 120 }) })));
    await refused('credential_bad_signature', one(async (fresh) => present(fresh, { from: await card(pair(), holder.jwk) })));
    await refused('answer_issuer_unknown', one(async (fresh) => present(fresh, { from: await card(issuer, holder.jwk, { iss: 'https://nobody.example' }) })));
    const other = await ask(['northgate-clinic']);
    const byOther = await (await answer(other.request, { insurance: [await present(other.request)] }))();
    assert.equal(byOther.code, 'answer_issuer_not_asked');
    await refused('answer_query_unknown', async (fresh) => ({ other: [await present(fresh)] }));
    await refused('answer_several', async (fresh) => ({ insurance: [await present(fresh), await present(fresh)] }));
    station.end();
  },
});

/** Queries, and whether npm `dcql` finds that these credentials answer them. */
const held = [
  { vct, claims: { plan: 'Family', member_number: 'S-77', name: { given: 'Maria', family: 'Duarte' }, languages: ['pt', 'de'], visits: [{ year: 2024 }, { year: 2025 }], active: true, level: 3 } },
  { vct: 'urn:example:birth:1', claims: { birth_date: '1951-04-02', nationalities: ['PT'] } },
  { vct: 'urn:example:bearer:1', claims: { tier: 'gold' }, bound: false },
];
const ask = (id, vct, more = {}) => ({ id, format: 'dc+sd-jwt', meta: { vct_values: [vct].flat() }, ...more });
const paths = (...paths) => ({ claims: paths.map((path) => ({ path })) });
const only = (more) => ({ credentials: [ask('a', vct, more)] });
const named = [{ id: 'x', path: ['plan'] }, { id: 'y', path: ['ssn'] }, { id: 'z', path: ['level'] }];
const queries = {
  'no claims': only(),
  'one claim': only(paths(['plan'])),
  'a claim that is not there': only(paths(['plan'], ['ssn'])),
  'inside an object': only(paths(['name', 'given'])),
  'inside a text': only(paths(['plan', 'x'])),
  'an element': only(paths(['languages', 1])),
  'an element too far': only(paths(['languages', 5])),
  'every element': only(paths(['languages', null])),
  'inside every element': only(paths(['visits', null, 'year'])),
  'every element of an object': only(paths(['name', null])),
  'a value': only({ claims: [{ path: ['plan'], values: ['Single', 'Family'] }] }),
  'another value': only({ claims: [{ path: ['plan'], values: ['Single'] }] }),
  'a number': only({ claims: [{ path: ['level'], values: [3] }] }),
  'a number as text': only({ claims: [{ path: ['level'], values: ['3'] }] }),
  'true': only({ claims: [{ path: ['active'], values: [true] }] }),
  'false': only({ claims: [{ path: ['active'], values: [false] }] }),
  'the second claim set': only({ claims: named, claim_sets: [['y'], ['x', 'z']] }),
  'no claim set': only({ claims: named, claim_sets: [['y'], ['x', 'y']] }),
  'another type': { credentials: [ask('a', 'urn:example:other:1')] },
  'either type': { credentials: [ask('a', ['urn:example:other:1', vct])] },
  'two credentials': { credentials: [ask('a', vct), ask('b', 'urn:example:birth:1', paths(['birth_date']))] },
  'two, one missing': { credentials: [ask('a', vct), ask('b', 'urn:example:other:1')] },
  'a required choice': { credentials: [ask('a', 'urn:example:other:1'), ask('b', vct)], credential_sets: [{ options: [['a'], ['b']] }] },
  'a choice that can not be made': { credentials: [ask('a', 'urn:example:other:1'), ask('b', vct)], credential_sets: [{ options: [['a', 'b'], ['a']] }] },
  'an optional one missing': { credentials: [ask('a', 'urn:example:other:1'), ask('b', vct)], credential_sets: [{ options: [['b']] }, { options: [['a']], required: false }] },
  'a bearer card where binding is needed': { credentials: [ask('a', 'urn:example:bearer:1')] },
  'a bearer card where it is not': { credentials: [ask('a', 'urn:example:bearer:1', { require_cryptographic_holder_binding: false })] },
  'several': { credentials: [ask('a', [vct, 'urn:example:birth:1'], { multiple: true })] },
};
/** Queries that each side has to refuse; ours with its own code. */
const hostile = {
  request_duplicate_query_id: { credentials: [ask('a', vct), ask('a', vct)] },
  request_no_query: { credentials: [] },
  request_query_unknown_id: { credentials: [ask('a', vct)], credential_sets: [{ options: [['b']] }] },
  request_claim_path: only({ claims: [{ path: [] }] }),
  request_claim_sets_without_claims: only({ claim_sets: [['x']] }),
};

const dcqlRow = {
  format: 'DCQL', tool: 'dcql', direction: 'the same queries, the same answers',
  async run(ours) {
    const theirs = held.map(({ vct, claims, bound = true }) => ({ credential_format: 'dc+sd-jwt', vct, claims, cryptographic_holder_binding: bound }));
    for (const [name, query] of Object.entries(queries)) {
      const parsed = DcqlQuery.parse(structuredClone(query));
      DcqlQuery.validate(parsed);
      const found = DcqlQuery.query(parsed, theirs);
      const answer = await ours.ok('dcql/ask', { query, credentials: held });
      assert.equal(answer.satisfiable, found.can_be_satisfied, name);
      for (const { id } of query.credentials) {
        const match = found.credential_matches[id];
        const fitting = match.success ? match.valid_credentials.map((one) => one.input_credential_index) : [];
        assert.deepEqual(answer.fitting[id], fitting, `${name}: ${id}`);
      }
    }
    for (const [code, query] of Object.entries(hostile)) {
      await ours.refuses('dcql/ask', { query, credentials: held }, code);
      assert.throws(() => DcqlQuery.validate(DcqlQuery.parse(structuredClone(query))), code);
    }
  },
};

export const rows = [dcqlRow, ...kinds.map(walletRow), ...verifierRows];
