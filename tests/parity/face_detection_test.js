/**
 * UltraFace on photos of people: the same faces as with ONNX Runtime, at the same places. Chromium decodes
 * and resizes the photos, so that both programs see the same pixels.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launchEngine, missingEngine } from '../e2e/engines/browser_engine.js';
import { startTestServer } from '../e2e/test_server.js';
import { OnnxReference } from '../reference/onnx_reference.js';
import { findFaces } from './face_boxes.js';
import { DATA, missingNative, packOnce, runTensors } from './native_minnow.js';
import { splitOutputs } from './tensor_comparison.js';

const [WIDTH, HEIGHT] = [320, 240];
const MEAN = 127;
const SPAN = 128;
const MAX_DISTANCE_PIXELS = 1;
const MODELS = ['version-RFB-320', 'version-slim-320'];
const PHOTOS = path.join(DATA, 'photos');

const skip = missingEngine('chromium') ?? missingNative('photos', ...MODELS.map((name) => `models/ultra_light_face/${name}.onnx`));

describe('faces in photos, against ONNX Runtime', { skip }, () => {
  /** @type {{ file: string, width: number, height: number, tensor: Buffer }[]} */
  let photos = [];
  before(async () => {
    photos = await readPhotos();
    assert.ok(photos.length >= 5);
  });

  for (const name of MODELS) {
    test(name, async (t) => {
      const file = `models/ultra_light_face/${name}.onnx`;
      const reference = await OnnxReference.open(path.join(DATA, file));
      t.after(() => reference.close());
      const folder = await packOnce(file);
      let [faces, farthest] = [0, 0];
      for (const { file: photo, width, height, tensor } of photos) {
        const [wanted, found] = [await reference.run(tensor, 1), await runTensors(folder, tensor)].map((bytes) => {
          const [scores, boxes] = splitOutputs(bytes, reference.outputs, 1);
          return findFaces(scores, boxes);
        });
        assert.ok(wanted.length > 0, `${photo}: ONNX Runtime finds no face`);
        assert.equal(found.length, wanted.length, `${photo}: ${found.length} faces, ONNX Runtime finds ${wanted.length}`);
        wanted.forEach(({ box }, index) => {
          const pixels = box.map((edge, side) => Math.abs(edge - found[index].box[side]) * (side % 2 ? height : width));
          farthest = Math.max(farthest, ...pixels);
        });
        faces += wanted.length;
      }
      const text = `${faces} faces in ${photos.length} photos, edges at most ${farthest.toExponential(1)} pixels apart`;
      t.diagnostic(text);
      assert.ok(farthest <= MAX_DISTANCE_PIXELS, text);
    });
  }
});

/** @returns {Promise<{ file: string, width: number, height: number, tensor: Buffer }[]>} NCHW, (x - 127) / 128 */
async function readPhotos() {
  const server = await startTestServer({ '/photos/': PHOTOS });
  server.handle('/', (_request, response) => {
    response.setHeader('Content-Type', 'text/html');
    response.end('<!doctype html>');
  });
  const engine = await launchEngine('chromium');
  after(async () => {
    await engine.close();
    await server.close();
  });
  const page = await engine.newPage();
  await page.goto(`${server.origin}/`);
  const photos = [];
  for (const file of readdirSync(PHOTOS).filter((name) => /^faces_.*\.jpe?g$/i.test(name)).sort()) {
    const { width, height, pixels } = await page.evaluate(
      async (url, [columns, rows]) => {
        const bitmap = await createImageBitmap(await (await fetch(url)).blob());
        const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(columns, rows).getContext('2d'));
        context.drawImage(bitmap, 0, 0, columns, rows);
        return { width: bitmap.width, height: bitmap.height, pixels: [...context.getImageData(0, 0, columns, rows).data] };
      },
      `/photos/${file}`,
      [WIDTH, HEIGHT],
    );
    const values = new Float32Array(3 * WIDTH * HEIGHT);
    for (let i = 0; i < values.length; i++) {
      const [channel, at] = [Math.floor(i / (WIDTH * HEIGHT)), i % (WIDTH * HEIGHT)];
      values[i] = (pixels[4 * at + channel] - MEAN) / SPAN;
    }
    photos.push({ file, width, height, tensor: Buffer.from(values.buffer) });
  }
  return photos;
}
