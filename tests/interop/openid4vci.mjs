// What both directions of OpenID4VCI need: real processes of ours, TLS of our own making, and the callbacks of `@openid4vc`.
import { execFileSync, spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { clientAuthenticationAnonymous } from '@openid4vc/oauth2';
import { calculateJwkThumbprint, compactVerify, importJWK, SignJWT } from 'jose';

const target = process.env.CARGO_TARGET_DIR ?? join(homedir(), '.cache/carnet/target');
const program = (name) => join(target, 'debug', name);

/** A folder that goes away with the process. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'carnet-interop-'));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A running station of ours, and its staff API. */
export async function station(name) {
  const child = spawn(program('carnet-station'), ['serve', '--role', 'clinic,issuer', '--name', name, '--data', join(folder(), 'station')], { stdio: ['ignore', 'pipe', 'ignore'] });
  process.on('exit', () => child.kill('SIGKILL'));
  const first = await new Promise((line) => createInterface({ input: child.stdout }).once('line', line));
  const { staff_url, public_url, token_file, trust_list } = JSON.parse(first);
  const token = readFileSync(token_file, 'utf8').trim();
  return {
    url: public_url,
    trust: trust_list,
    async staff(method, path, body) {
      const response = await fetch(staff_url + path, { method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
      return { status: response.status, value: await response.json() };
    },
    end: () => child.kill('SIGKILL'),
  };
}

/** Our wallet at the terminal: the object that it printed, or the code of its refusal. */
export function wallet(trust) {
  const vault = join(folder(), 'vault');
  const env = { ...process.env, CARNET_PASSPHRASE: 'a lamp, two boats and the long road', CARNET_KDF: '64,3', CARNET_KEYCHAIN: 'none' };
  const run = (...words) =>
    new Promise((done) => {
      const child = spawn(program('carnet'), ['--vault', vault, '--json', '--trust', trust, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      const said = { stdout: '', stderr: '' };
      for (const stream of ['stdout', 'stderr']) child[stream].on('data', (data) => (said[stream] += data));
      child.on('close', (status) => done(status === 0 ? { ok: JSON.parse(said.stdout) } : { error: JSON.parse(said.stderr).error.code }));
    });
  return { run, vault };
}

/** A list of organisations with one issuer in it, signed for this run. */
export function trustList(entry) {
  const dir = folder();
  const file = join(dir, 'entry.json');
  writeFileSync(file, JSON.stringify(entry));
  const authority = join(dir, 'authority');
  execFileSync(program('carnet-station'), ['trust', 'init', '--dir', authority, '--development']);
  execFileSync(program('carnet-station'), ['trust', 'add', '--dir', authority, '--entry', file]);
  return JSON.parse(execFileSync(program('carnet-station'), ['trust', 'sign', '--dir', authority], { encoding: 'utf8' })).list;
}

/** A P-256 key with a certificate for loopback, and the pin of it. */
export function tls() {
  const dir = folder();
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=issuer', '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
  const pem = readFileSync(cert);
  const spki = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  return { key: readFileSync(key), cert: pem, pin: createHash('sha256').update(spki).digest('base64url') };
}

/** `fetch` over TLS that nobody vouches for. */
export function fetchLocally(url, { method = 'GET', headers = {}, body } = {}) {
  return new Promise((done, failed) => {
    const sent = request(url, { method, headers: Object.fromEntries(new Headers(headers)), rejectUnauthorized: false }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        const empty = [204, 304].includes(answer.statusCode);
        const response = new Response(empty ? null : Buffer.concat(parts), { status: answer.statusCode, headers: Object.entries(answer.headers) });
        Object.defineProperty(response, 'url', { value: String(url) });
        done(response);
      });
    });
    sent.on('error', failed);
    sent.end(body instanceof URLSearchParams ? body.toString() : body);
  });
}

/** A fresh P-256 key as JWK. */
export function key() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { secret: privateKey.export({ format: 'jwk' }), open: publicKey.export({ format: 'jwk' }) };
}

const hash = (data, alg) => createHash(alg.replace('-', '')).update(data).digest();
const same = (a, b) => a.x === b.x && a.y === b.y;

/** The callbacks of `@openid4vc`, with these keys to sign with. */
export function callbacks(...keys) {
  return {
    hash,
    generateRandom: (length) => randomBytes(length),
    clientAuthentication: clientAuthenticationAnonymous(),
    fetch: fetchLocally,
    async signJwt(signer, { header, payload }) {
      const own = keys.find((one) => same(one.open, signer.publicJwk));
      const jwt = await new SignJWT(payload).setProtectedHeader(header).sign(await importJWK(own.secret, 'ES256'));
      return { jwt, signerJwk: own.open };
    },
    async verifyJwt(signer, { compact }) {
      const signerJwk = signer.publicJwk ?? keys[0].open;
      try {
        await compactVerify(compact, await importJWK(signerJwk, signer.alg));
        return { verified: true, signerJwk };
      } catch {
        return { verified: false };
      }
    },
    encryptJwe: () => { throw new Error('nothing is encrypted here'); },
    decryptJwe: () => { throw new Error('nothing is encrypted here'); },
  };
}

export const signer = (one) => ({ method: 'jwk', alg: 'ES256', publicJwk: one.open });
export const thumbprint = (jwk) => calculateJwkThumbprint(jwk);
