/** Serves the page, the engines and the models to be compared. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestServer } from '../../e2e/test_server.js';
import { serveLiteRt } from '../../reference/litert_server.js';

/** @typedef {import('./bench_models.js').EngineId} EngineId */
/** @typedef {import('./bench_models.js').PreparedModel} PreparedModel */

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const { resolve } = createRequire(import.meta.url);

/**
 * @param {PreparedModel} model
 * @returns {Promise<import('../../e2e/test_server.js').TestServer>}
 */
export async function startPeerServer({ packageDir, peerDir, photos }) {
  const mounts = {
    '/bench/': path.join(ROOT, 'tests/bench/'),
    '/minnow/': path.join(ROOT, 'wasm_glue/dist'),
    '/ort/': path.dirname(resolve('onnxruntime-web')),
    '/tfjs/': path.resolve(path.dirname(resolve('@tensorflow/tfjs-core')), '../..'),
    '/package/': packageDir,
    '/peer/': peerDir,
    ...(photos ? { '/photos/': path.dirname(photos) } : {}),
  };
  const server = await startTestServer(mounts, { isolate: true });
  await serveLiteRt(server, '/litert/');
  return server;
}

/** Where an engine finds its form of the model. @param {PreparedModel} model @param {EngineId} engine */
export function modelPath({ peerFiles }, engine) {
  return engine === 'minnow' ? '/package/' : `/peer/${peerFiles[engine]}`;
}
