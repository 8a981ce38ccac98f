// What a verifier and a wallet by npm `@openid4vc/openid4vp` need around them: certificates, TLS, signatures, our processes.
import { execFileSync, spawn } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, request as httpsRequest } from 'node:https';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { digest, generateSalt } from '@sd-jwt/crypto-nodejs';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import { CompactEncrypt, compactDecrypt, compactVerify, importJWK, SignJWT } from 'jose';

const target = process.env.CARGO_TARGET_DIR ?? join(homedir(), '.cache/carnet/target');
const program = (name) => join(target, 'debug', name);

export const now = () => Math.floor(Date.now() / 1000);
export const random = (bytes = 32) => randomBytes(bytes).toString('base64url');

/** A folder of its own that goes away with the process. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'carnet-interop-'));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A P-256 key with a certificate for this machine. */
export function identity(within, name) {
  const [key, certificate] = [join(within, `${name}.key`), join(within, `${name}.pem`)];
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
    '-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-keyout', key, '-out', certificate,
  ], { stdio: 'ignore' });
  const x509 = new X509Certificate(readFileSync(certificate));
  const secret = createPrivateKey(readFileSync(key));
  return {
    key: readFileSync(key), certificate: readFileSync(certificate), x5c: [x509.raw.toString('base64')], secret,
    hash: createHash('sha256').update(x509.raw).digest('base64url'),
    spki: createHash('sha256').update(x509.publicKey.export({ type: 'spki', format: 'der' })).digest('base64url'),
    jwk: createPublicKey(secret).export({ format: 'jwk' }),
  };
}

/** A trust list with these entries, signed by an authority of its own. */
export function trustList(within, entries) {
  const dir = join(within, 'authority');
  const run = (...args) => execFileSync(program('carnet-station'), ['trust', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  run('init', '--dir', dir, '--development');
  for (const [place, entry] of entries.entries()) {
    const file = typeof entry === 'string' ? entry : join(within, `entry-${place}.json`);
    if (typeof entry !== 'string') writeFileSync(file, JSON.stringify(entry));
    run('add', '--dir', dir, '--entry', file);
  }
  run('sign', '--dir', dir);
  return join(dir, 'trust-list.jws');
}

/** A party of the list. */
export function entry(id, more) {
  return { id, name: id, client_ids: [], origins: [], purposes: [], roles: [], ...more };
}

/** A TLS server; `answer` gets method, path and body. */
export function server({ key, certificate }, answer, host = '127.0.0.1') {
  return new Promise((ready) => {
    const https = createServer({ key, cert: certificate }, (request, response) => {
      const pieces = [];
      request.on('data', (piece) => pieces.push(piece));
      request.on('end', async () => {
        const { status = 200, type = 'application/json', body } = await answer(request.method, request.url, Buffer.concat(pieces).toString());
        response.writeHead(status, { 'content-type': type });
        response.end(body);
      });
    });
    https.listen(0, '127.0.0.1', () => {
      https.unref();
      ready({ origin: `https://${host}:${https.address().port}`, close: () => https.close() });
    });
  });
}

/** `fetch` to a server whose certificate only the trust list vouches for. */
export function fetchPinned(url, { method = 'GET', headers, body } = {}) {
  return new Promise((done, failed) => {
    const plain = headers instanceof Headers ? Object.fromEntries(headers) : headers;
    const request = httpsRequest(url, { method, headers: plain, rejectUnauthorized: false }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () => done(new Response(Buffer.concat(pieces), { status: response.statusCode, headers: response.headers })));
    });
    request.on('error', failed);
    request.end(body?.toString());
  });
}

/** Our wallet on a vault of its own. */
export class Carnet {
  #env = { ...process.env, CARNET_PASSPHRASE: 'a lamp, two boats and the long road', CARNET_KEYCHAIN: 'none' };

  constructor(within, list) {
    this.within = within;
    this.arguments = ['--vault', join(within, 'vault'), '--json', '--trust', list];
  }

  /** What it printed: its JSON object, or `{refused: code}`. Not blocking: it talks to servers of this process. */
  run(...args) {
    return new Promise((done, failed) => {
      const child = spawn(program('carnet'), [...this.arguments, ...args], { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
      const said = { stdout: '', stderr: '' };
      for (const stream of ['stdout', 'stderr']) child[stream].on('data', (text) => (said[stream] += text));
      child.on('close', (status) => {
        try {
          done(status === 0 ? JSON.parse(said.stdout) : { refused: JSON.parse(said.stderr).error.code });
        } catch {
          failed(new Error(`carnet ${args[0]} said ${said.stdout}${said.stderr}`));
        }
      });
    });
  }

  async ok(...args) {
    const done = await this.run(...args);
    if (done.refused) throw new Error(`carnet ${args[0]} was refused: ${done.refused}`);
    return done;
  }

  async refuses(code, ...args) {
    const done = await this.run(...args);
    if (done.refused !== code) throw new Error(`expected ${code} of carnet ${args[0]}, got ${JSON.stringify(done)}`);
  }

  /** Takes in what is in this text. */
  take(kind, name, text) {
    const file = join(this.within, name);
    writeFileSync(file, text);
    return this.ok(kind, 'import', file);
  }
}

/** Our station, with its folder and a list that others can be put on. */
export class Station {
  static async start(within, kind) {
    const station = new Station();
    station.data = join(within, 'station');
    station.list = join(within, 'authority', 'trust-list.jws');
    let greeting = await station.serve();
    if (kind !== 'x509_hash') {
      // Under a name, at the port that it remembers.
      const ended = once(station.child, 'exit');
      station.child.kill('SIGTERM');
      await ended;
      greeting = await station.serve('--client-id', kind, '--public-url', greeting.public_url.replace('127.0.0.1', 'localhost'));
    }
    station.staff = greeting.staff_url;
    station.token = readFileSync(greeting.token_file, 'utf8').trim();
    station.entry = join(station.data, 'entry.json');
    return station;
  }

  /** Starts the program; what its first line says. */
  async serve(...more) {
    const given = ['serve', '--data', this.data, '--name', 'Northgate Clinic', '--trust-list', this.list, ...more];
    this.child = spawn(program('carnet-station'), given, { stdio: ['ignore', 'pipe', 'ignore'] });
    const { child } = this;
    process.once('exit', () => child.kill('SIGKILL'));
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    return JSON.parse(line);
  }

  async desk(path, body) {
    const response = await fetch(`${this.staff}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  end() {
    this.child.kill('SIGKILL');
  }
}

/** The key of a did:web on this machine, from its document. */
async function keyOfHosted(didUrl) {
  const [, host] = /^did:web:([^#]+)#/.exec(didUrl);
  const document = await (await fetchPinned(`https://${decodeURIComponent(host)}/.well-known/did.json`)).json();
  const { publicKeyJwk } = document.verificationMethod.find(({ id }) => id === didUrl || didUrl.endsWith(id));
  return createPublicKey({ key: publicKeyJwk, format: 'jwk' });
}

/** What both sides of the library are told about cryptography. */
export function callbacks({ signer, decryption } = {}) {
  return {
    fetch: fetchPinned,
    hash: (data, alg) => createHash(alg.replace('-', '')).update(data).digest(),
    generateRandom: (bytes) => randomBytes(bytes),
    clientAuthentication: () => {},
    getX509CertificateMetadata: (certificate) => {
      const names = new X509Certificate(Buffer.from(certificate, 'base64')).subjectAltName?.split(', ') ?? [];
      return { sanDnsNames: names.filter((name) => name.startsWith('DNS:')).map((name) => name.slice(4)), sanUriNames: [] };
    },
    async signJwt(jwtSigner, { header, payload }) {
      const jwt = await new SignJWT(payload).setProtectedHeader({ ...header, ...(jwtSigner.x5c && { x5c: jwtSigner.x5c }) }).sign(signer.secret);
      return { jwt, signerJwk: signer.jwk };
    },
    async verifyJwt(jwtSigner, { compact }) {
      const key = jwtSigner.method === 'did' ? await keyOfHosted(jwtSigner.didUrl) : new X509Certificate(Buffer.from(jwtSigner.x5c[0], 'base64')).publicKey;
      try {
        await compactVerify(compact, key);
        return { verified: true, signerJwk: key.export({ format: 'jwk' }) };
      } catch {
        return { verified: false };
      }
    },
    async encryptJwe({ publicJwk, alg, enc, apv }, data) {
      const jwe = new CompactEncrypt(Buffer.from(data)).setProtectedHeader({ alg, enc, kid: publicJwk.kid });
      if (apv) jwe.setKeyManagementParameters({ apv: Buffer.from(apv, 'base64url') });
      return { encryptionJwk: publicJwk, jwe: await jwe.encrypt(await importJWK(publicJwk, alg)) };
    },
    async decryptJwe(jwe) {
      try {
        const { plaintext } = await compactDecrypt(jwe, decryption.secret);
        return { decrypted: true, decryptionJwk: decryption.jwk, payload: Buffer.from(plaintext).toString() };
      } catch {
        return { decrypted: false };
      }
    },
  };
}

/** npm `@sd-jwt/sd-jwt-vc` with these P-256 keys. */
export function sdJwt({ issuer, holder }) {
  const key = (jwk) => createPublicKey({ key: jwk, format: 'jwk' });
  const signs = (secret) => (data) => sign('sha256', Buffer.from(data), { key: secret, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  const verifies = (jwk, data, signature) =>
    verify('sha256', Buffer.from(data), { key: key(jwk), dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
  return new SDJwtVcInstance({
    signAlg: 'ES256', hasher: digest, hashAlg: 'sha-256', saltGenerator: generateSalt,
    ...(issuer.secret && { signer: signs(issuer.secret) }),
    verifier: (data, signature) => verifies(issuer.jwk, data, signature),
    ...(holder?.secret && { kbSigner: signs(holder.secret), kbSignAlg: 'ES256' }),
    kbVerifier: (data, signature, payload) => verifies(payload.cnf.jwk, data, signature),
  });
}
