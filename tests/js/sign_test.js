/**
 * Signatures of the native tool against an independent implementation, Node's (OpenSSL's) Ed25519, in both
 * directions: docs/FORMAT.md says enough to write one.
 */
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from './native_tool.js';

const tool = path.join(root, 'build/native/minnow');
const skip = existsSync(tool) ? false : 'build/native/minnow is missing (tools/build.sh native)';
/** What PKCS #8 and SubjectPublicKeyInfo have in front of the 32 bytes of an Ed25519 key (RFC 8410). */
const SECRET_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** @param {string} text base64 */
const secretKey = (text) => createPrivateKey({ key: Buffer.concat([SECRET_HEAD, Buffer.from(text, 'base64')]), format: 'der', type: 'pkcs8' });
/** @param {string} text base64 */
const publicKey = (text) => createPublicKey({ key: Buffer.concat([PUBLIC_HEAD, Buffer.from(text, 'base64')]), format: 'der', type: 'spki' });
/** @param {Buffer} manifest */
const signedBytes = (manifest) => Buffer.concat([Buffer.from('minnow-manifest-v1\n'), manifest]);

describe('signatures of the native tool', { skip }, () => {
  /** @type {string} */
  let folder;
  /** @param {string} name */
  const file = (name) => path.join(folder, name);
  /** @param {string} name */
  const text = (name) => readFileSync(file(name), 'utf8').trim();
  /** @param {string[]} args @returns {any} */
  const minnow = (...args) => JSON.parse(execFileSync(tool, [...args, '--json'], { encoding: 'utf8' }));

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'minnow-sign-'));
    minnow('keygen', '--output', file('mine'));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** @param {string} name */
  function copyPackage(name) {
    cpSync(path.join(root, 'models/sign_digits/package'), file(name), { recursive: true });
    return file(name);
  }

  test('hold for Node', () => {
    const out = copyPackage('by_tool');
    const outcome = minnow('sign', out, '--key', file('mine.key'), '--release', '7');
    const manifest = readFileSync(path.join(out, 'manifest.json'));
    assert.equal(JSON.parse(manifest.toString()).release, 7);
    assert.match(text('by_tool/manifest.sig'), /^[A-Za-z0-9+/]{86}==$/);
    assert.equal(text('by_tool/manifest.sig'), outcome.signature);
    const signature = Buffer.from(outcome.signature, 'base64');
    const key = publicKey(text('mine.pub'));
    assert.ok(verify(null, signedBytes(manifest), key, signature));
    assert.ok(!verify(null, manifest, key, signature), 'the line in front is signed too');
    manifest[10] ^= 1;
    assert.ok(!verify(null, signedBytes(manifest), key, signature));
  });

  test('are those that Node makes with the same key, to the byte', () => {
    const out = copyPackage('same');
    const { signature, publicKey: told } = minnow('sign', out, '--key', file('mine.key'));
    const secret = secretKey(text('mine.key'));
    const made = sign(null, signedBytes(readFileSync(path.join(out, 'manifest.json'))), secret);
    assert.equal(signature, made.toString('base64'));
    const derived = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_HEAD.length);
    assert.equal(told, derived.toString('base64'));
    assert.equal(text('mine.pub'), told);
  });

  test('of Node hold for the tool', () => {
    const out = copyPackage('by_node');
    const pair = generateKeyPairSync('ed25519');
    const shown = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_HEAD.length).toString('base64');
    const manifest = readFileSync(path.join(out, 'manifest.json'));
    const { shards, labels } = JSON.parse(manifest.toString());
    const files = [...shards, labels];
    const bytes = files.reduce((sum, { file }) => sum + statSync(path.join(out, file)).size, 0);
    writeFileSync(path.join(out, 'manifest.sig'), sign(null, signedBytes(manifest), pair.privateKey).toString('base64'));
    assert.deepEqual(minnow('verify', out, '--public-key', shown), { folder: out, verified: true, files: files.length, bytes, publicKey: shown });
    writeFileSync(path.join(out, 'manifest.sig'), sign(null, manifest, pair.privateKey).toString('base64'));
    const refused = spawnSync(tool, ['verify', out, '--public-key', shown, '--json'], { encoding: 'utf8' });
    assert.equal(refused.status, 81);
    assert.equal(JSON.parse(refused.stdout).error.code, 'BAD_SIGNATURE');
  });

  test('are made with a key that Node drew', () => {
    const out = copyPackage('drawn');
    const pair = generateKeyPairSync('ed25519');
    const seed = pair.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(SECRET_HEAD.length);
    writeFileSync(file('drawn.key'), seed.toString('base64'), { mode: 0o600 });
    const { signature } = minnow('sign', out, '--key', file('drawn.key'));
    const manifest = readFileSync(path.join(out, 'manifest.json'));
    assert.ok(verify(null, signedBytes(manifest), pair.publicKey, Buffer.from(signature, 'base64')));
  });
});
