/** Signed manifests: RFC 8032's own cases, the whole format, and what is refused. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, test } from 'node:test';
import { ManifestSource } from '../../wasm_glue/src/delivery/manifest_source.js';
import { LenientStorage } from '../../wasm_glue/src/storage/lenient_storage.js';
import { checkTrust } from '../../wasm_glue/src/delivery/manifest_trust.js';
import { MemoryStorage } from '../../wasm_glue/src/storage/memory_storage.js';
import { verifyEd25519 } from '../../wasm_glue/src/minnow-crypto.js';
import { deliveryOf } from '../../wasm_glue/src/base/source.js';
import { ScriptedNetwork } from './scripted_network.js';

const URL_OF_MANIFEST = 'https://a.example/pkg/manifest.json';

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = /** @type {string} */ (publicKey.export({ format: 'jwk' }).x);
  return { privateKey, publicKey: Buffer.from(raw, 'base64url').toString('base64') };
}

const key = newKey();
const other = newKey();

/** As manifest.sig. @param {string} text @param {ReturnType<typeof newKey>} [by] */
function signed(text, by = key) {
  return `${sign(null, Buffer.from(`minnow-manifest-v1\n${text}`), by.privateKey).toString('base64')}\n`;
}

/** @param {object} fields */
const manifestText = (fields) => JSON.stringify({ format: 'minnow', ...fields });

/**
 * @param {Partial<import('../../wasm_glue/src/delivery/manifest_trust.js').TrustCase>} given
 * @param {Partial<import('../../wasm_glue/src/base/types.js').Trust>} [trust]
 */
function check(given, trust) {
  const text = manifestText({ name: 'x' });
  return checkTrust({ url: URL_OF_MANIFEST, text, signature: signed(text), trust: { publicKeys: [key.publicKey], ...trust }, ...given });
}

const { subtle } = globalThis.crypto;
afterEach(() => Object.defineProperty(globalThis.crypto, 'subtle', { configurable: true, value: subtle }));

/** Pages over plain http. */
function withoutSubtle() {
  Object.defineProperty(globalThis.crypto, 'subtle', { configurable: true, value: undefined });
}

test('the stand-in for the browser’s Ed25519 gives what RFC 8032 section 7.1 does', () => {
  const hex = (/** @type {string} */ text) => new Uint8Array(Buffer.from(text, 'hex'));
  const cases = [
    ['d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '', 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'],
    ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72', '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'],
    ['fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'af82', '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'],
  ];
  for (const [publicKey, message, signature] of cases) {
    assert.equal(verifyEd25519(hex(signature), hex(message), hex(publicKey)), true);
    assert.equal(verifyEd25519(hex(signature), hex(`${message}00`), hex(publicKey)), false);
    const changed = hex(signature);
    changed[5] ^= 1;
    assert.equal(verifyEd25519(changed, hex(message), hex(publicKey)), false);
  }
  assert.equal(verifyEd25519(new Uint8Array(3), new Uint8Array(3), new Uint8Array(3)), false);
});

for (const has of [true, false]) {
  test(`${has ? 'with' : 'without'} the browser’s cryptography: a manifest of the key's owner is taken, no other`, async () => {
    if (!has) withoutSubtle();
    await check({});
    await check({}, { publicKeys: [other.publicKey, key.publicKey] });
    const text = manifestText({ name: 'x' });
    await assert.rejects(check({ signature: signed(text, other) }), { code: 'SIGNATURE', message: /changed, or signed with another key.*minnow sign/ });
    await assert.rejects(check({ text: text.replace('x', 'y') }), { code: 'SIGNATURE', url: URL_OF_MANIFEST });
    await assert.rejects(check({ signature: undefined }), { code: 'SIGNATURE', message: /not signed, there is no manifest\.sig.*minnow sign/ });
    for (const signature of ['', 'AAAA', '!', `${signed(text).trim()}AAAA`]) await assert.rejects(check({ signature }), { code: 'SIGNATURE' });
    // A signature of the bare bytes was made for something else.
    await assert.rejects(check({ signature: sign(null, Buffer.from(text), key.privateKey).toString('base64') }), { code: 'SIGNATURE' });
  });
}

test('keys that are none are said to be none', async () => {
  for (const publicKeys of [[], ['AAAA'], ['no base64'], [key.publicKey, 'AAAA'], [/** @type {any} */ (7)]]) {
    await assert.rejects(check({}, { publicKeys }), { code: 'INVALID_ARGUMENT', message: /publicKey: give the 32 bytes of NAME\.pub/ });
  }
  await assert.rejects(check({ text: { name: 'x' } }), { code: 'INVALID_ARGUMENT', message: /the text of manifest\.json/ });
  assert.equal(deliveryOf({}).trust, undefined);
  assert.deepEqual(deliveryOf({ minRelease: 3 }).trust?.publicKeys, [], 'a release without a key proves nothing');
});

test('releases: a least one, and no way back', async () => {
  const at = (/** @type {unknown} */ release) => {
    const text = manifestText({ release });
    return { text, signature: signed(text) };
  };
  await check(at(4), { minRelease: 4 });
  await assert.rejects(check(at(3), { minRelease: 4 }), { code: 'ROLLBACK', field: 'release', message: /is release 3, and release 4 or newer/ });
  await assert.rejects(check(at(undefined), { minRelease: 1 }), { code: 'ROLLBACK' });
  const kept = at(7).text;
  await check({ ...at(6), kept });
  await assert.rejects(check({ ...at(6), kept }, { rollback: 'refuse' }), { code: 'ROLLBACK' });
  await check({ ...at(7), kept }, { rollback: 'refuse' });
  for (const release of [-1, 0.5, '3', 2 ** 53, null, {}]) await assert.rejects(check(at(release)), { code: 'BAD_MANIFEST', field: 'release' });
});

const asText = async (/** @type {string} */ text) => text;

/** @param {ScriptedNetwork} network @param {import('../../wasm_glue/src/base/types.js').PackageStorage} [storage] */
function sourceOf(network, storage = new MemoryStorage()) {
  const trust = { publicKeys: [key.publicKey], rollback: /** @type {const} */ ('refuse') };
  return new ManifestSource(URL_OF_MANIFEST, new LenientStorage(storage, URL_OF_MANIFEST), { places: [URL_OF_MANIFEST], trust, fetch: network.fetch });
}

test('a manifest and its signature that are being replaced are asked for once more', async () => {
  const network = new ScriptedNetwork();
  const [older, newer] = [1, 2].map((release) => manifestText({ release }));
  network.serve(URL_OF_MANIFEST, newer);
  network.serve('https://a.example/pkg/manifest.sig', signed(newer));
  network.script(URL_OF_MANIFEST, { body: new TextEncoder().encode(older) });
  assert.equal(await sourceOf(network).fetch(asText), newer);
  assert.deepEqual(network.requests.map(({ cache }) => cache), ['no-cache', 'no-cache', 'reload', 'reload']);
});

test('what is kept is checked anew: a changed, an unsigned and another key’s are not used', async () => {
  const network = new ScriptedNetwork();
  const storage = new MemoryStorage();
  const text = manifestText({ release: 2 });
  network.serve(URL_OF_MANIFEST, text);
  network.serve('https://a.example/pkg/manifest.sig', signed(text));
  const source = sourceOf(network, storage);
  await source.fetch(asText);
  await source.keep('x', []);
  const stored = await sourceOf(network, storage).kept();
  assert.equal(stored?.manifest, text);
  for (const change of [{ manifest: text.replace('2', '3') }, { signature: undefined }, { signature: signed(text, other) }]) {
    await storage.putPackage({ ...stored, ...change });
    assert.equal(await sourceOf(network, storage).kept(), undefined);
  }
  await storage.putPackage(stored);
  const older = manifestText({ release: 1 });
  network.serve(URL_OF_MANIFEST, older);
  network.serve('https://a.example/pkg/manifest.sig', signed(older));
  await assert.rejects(sourceOf(network, storage).fetch(asText), { code: 'ROLLBACK' });
});
