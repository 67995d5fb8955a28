import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { dataFile, importNodeModule, missing } from './native_tool.js';
import { asFaceDetector, asSegmenter, asUltraFace, packBlazeFace, packDeepLab, packUltraFace, readBmp, withManifest } from './task_packages.js';

const PHOTO = dataFile('photos/grace_hopper.bmp');
const skip = missing ?? (!existsSync(PHOTO) && 'no picture');

describe('tasks on pictures with real models', { skip }, () => {
  /** @type {typeof import('../../wasm_glue/src/node.js')} */
  let node;
  /** @type {any} */
  let photo;
  before(async () => {
    node = await importNodeModule();
    photo = readBmp(PHOTO);
  });

  test('the detector finds the one face, in pixels of the picture', async () => {
    const source = withManifest(packBlazeFace(), asFaceDetector);
    const detector = await node.ObjectDetector.create(source);
    const { detections, width, height } = await detector.detect(photo);
    assert.deepEqual([width, height], [photo.width, photo.height]);
    assert.equal(detections.length, 1);
    const [{ index, label, score, box, keypoints }] = detections;
    assert.deepEqual([index, label], [0, '']);
    assert.ok(score > 0.8, String(score));
    // Her face, as seen on the photo, in the upper half of its middle.
    const middle = [box.x + box.width / 2, box.y + box.height / 2];
    assert.ok(Math.abs(middle[0] - 0.5 * width) < 0.12 * width && middle[1] < 0.45 * height, String(middle));
    assert.ok(box.width > 0.2 * width && box.width < 0.6 * width, JSON.stringify(box));
    const [leftEye, rightEye, nose, mouth] = /** @type {any[]} */ (keypoints);
    assert.ok(leftEye.x < rightEye.x && leftEye.y < nose.y && nose.y < mouth.y);

    // The face moves with the picture.
    const wide = { width: photo.width + 200, height: photo.height, data: new Uint8ClampedArray(4 * (photo.width + 200) * photo.height) };
    for (let y = 0; y < photo.height; y++) wide.data.set(photo.data.subarray(4 * y * photo.width, 4 * (y + 1) * photo.width), 4 * (y * wide.width + 200));
    const [moved] = (await detector.detect(/** @type {any} */ (wide))).detections;
    assert.ok(Math.abs(moved.box.x - box.x - 200) < 0.1 * box.width, `${moved.box.x} after ${box.x}`);

    assert.deepEqual((await detector.detect(photo, { scoreThreshold: 1 })).detections, []);
    const everything = (await detector.detect(photo, { scoreThreshold: 0, iouThreshold: 1 })).detections;
    assert.equal(everything.length, 100);
    assert.equal((await detector.detect(photo, { maxDetections: 1, scoreThreshold: 0 })).detections.length, 1);
    for (const wrong of [{ scoreThreshold: 2 }, { iouThreshold: NaN }, { maxDetections: -1 }]) {
      await assert.rejects(detector.detect(photo, wrong), { code: 'INVALID_ARGUMENT' });
    }
    await assert.rejects(detector.detect(photo, { signal: AbortSignal.abort() }), { name: 'AbortError' });
    const results = [];
    for await (const result of detector.detectAll([photo, wide, photo])) results.push(result.detections[0].box.x);
    assert.deepEqual(results, [box.x, moved.box.x, box.x]);
    detector.dispose();
  });

  test('cropped, letterboxed and stretched, by two detectors: the face is at the same place', async () => {
    /** @param {'crop' | 'letterbox' | 'stretch'} fit */
    const blazeFace = (fit) => withManifest(packBlazeFace(), (manifest) => {
      asFaceDetector(manifest);
      manifest.inputs[0].image.fit = fit;
    });
    const sources = [blazeFace('crop'), blazeFace('letterbox'), blazeFace('stretch'), withManifest(packUltraFace(), asUltraFace)];
    const middles = [];
    for (const source of sources) {
      const detector = await node.ObjectDetector.create(source);
      const { detections } = await detector.detect(photo);
      detector.dispose();
      assert.equal(detections.length, 1);
      const [{ box }] = detections;
      middles.push([box.x + box.width / 2, box.y + box.height / 2]);
    }
    for (const [x, y] of middles) {
      // The detectors' boxes differ in how much of the forehead they take in.
      assert.ok(Math.hypot(x - middles[0][0], y - middles[0][1]) < 0.06 * photo.height, JSON.stringify(middles));
    }
  });

  test('DeepLab sees a person where the person is', async () => {
    const segmenter = await node.ImageSegmenter.create(withManifest(packDeepLab(), asSegmenter));
    const segmentation = await segmenter.segment(photo);
    const { width, height, classes, labels, part, source } = segmentation;
    assert.deepEqual([width, height, classes.length], [513, 513, 513 * 513]);
    assert.deepEqual([part.width, part.height, source.height], [512, 512, 600]);
    const person = labels.indexOf('person');
    assert.ok(person > 0);
    const share = classes.filter((c) => c === person).length / classes.length;
    assert.ok(share > 0.3 && share < 0.95, String(share));
    assert.equal(classes[250 * 513 + 256], person, 'the middle');
    const large = node.upscaleToSource(segmentation);
    assert.deepEqual([large.width, large.height], [512, 600]);
    assert.equal(large.classes[300 * 512 + 256], person);
    assert.equal(large.classes[256], 0, 'above the crop');
    segmenter.dispose();
  });

  test('packages of another task, and tasks without their fields, are refused', async () => {
    const detection = withManifest(packBlazeFace(), asFaceDetector);
    await assert.rejects(node.ImageSegmenter.create(detection), { code: 'WRONG_TASK', message: /use ObjectDetector\.create/ });
    await assert.rejects(node.ObjectDetector.create(withManifest(packDeepLab(), asSegmenter)), { code: 'WRONG_TASK', message: /use ImageSegmenter/ });
    const without = withManifest(packBlazeFace(), (manifest) => (manifest.task = 'object-detection'));
    await assert.rejects(node.ObjectDetector.create(without), { code: 'BAD_MANIFEST', field: 'task' });
  });
});
