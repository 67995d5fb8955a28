/** Packages of every task, made of the real models, and the pictures and sounds to try them on. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dataFile, packModel } from './native_tool.js';

/** Of MediaPipe's face_detection_short_range graph. */
export const BLAZE_FACE = {
  kind: 'ssd-anchors',
  boxes: 0,
  scores: 1,
  sigmoid: true,
  scoreThreshold: 0.5,
  iouThreshold: 0.3,
  keypoints: 6,
  anchors: { strides: [8, 16, 16, 16], fixedSize: true, boxScale: [128, 128, 128, 128] },
};

/**
 * A package whose manifest says more than the packer was told.
 * @param {string} folder of a package
 * @param {(manifest: any) => void} edit
 * @param {Map<string, Uint8Array<ArrayBuffer>>} [added] files that the package lacks
 */
export function withManifest(folder, edit, added = new Map()) {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
  edit(manifest);
  return { manifest, shards: async (/** @type {string} */ file) => added.get(file) ?? Uint8Array.from(readFileSync(path.join(folder, file))) };
}

/**
 * The same as a folder, for servers.
 * @param {string} folder of a package
 * @param {string} name what to add to the folder's name
 * @param {(manifest: any) => void} edit
 */
export function folderWithManifest(folder, name, edit) {
  const copy = `${folder}_${name}`;
  cpSync(folder, copy, { recursive: true });
  writeFileSync(path.join(copy, 'manifest.json'), JSON.stringify(withManifest(folder, edit).manifest));
  return copy;
}

export function packBlazeFace() {
  return packModel('mediapipe/face_detection_short_range_f32.tflite');
}

/** @param {any} manifest of packBlazeFace() */
export function asFaceDetector(manifest) {
  manifest.task = 'object-detection';
  manifest.detection = BLAZE_FACE;
}

export function packUltraFace() {
  return packModel('ultra_light_face/version-slim-320.onnx');
}

/** As the model's authors use it: 320 x 240, (value - 127) / 128, scores above 0.7, overlaps up to 0.3. @param {any} manifest of packUltraFace() */
export function asUltraFace(manifest) {
  const image = { width: 320, height: 240, channels: 3, crop: 1, fit: 'stretch', layout: 'nchw', scale: 1 / 128, offset: -127 / 128 };
  manifest.inputs[0].image = image;
  manifest.task = 'object-detection';
  manifest.detection = { kind: 'boxes-scores', boxes: 1, scores: 0, backgroundClass: 0, scoreThreshold: 0.7, iouThreshold: 0.3, maxDetections: 200 };
}

export function packKeywords() {
  return packModel('mlperf_tiny/kws_ref_model.tflite', ['--labels', dataFile('labels/kws12_labels.txt')]);
}

/** The features the MLPerf Tiny keyword model was trained on. @param {any} manifest of packKeywords() */
export function asKeywords(manifest) {
  manifest.task = 'audio-classification';
  manifest.inputs[0].audio = {
    sampleRate: 16000,
    features: 'mfcc',
    frames: 49,
    hopSamples: 8000,
    frameLength: 480,
    frameStep: 320,
    fftLength: 512,
    window: 'hann-periodic',
    power: 1,
    melBins: 40,
    mel: 'htk',
    lowerHz: 20,
    upperHz: 4000,
    log: 'ln',
    logOffset: 1e-6,
    coefficients: 10,
  };
}

export function packDeepLab() {
  return packModel('coral/deeplabv3_mnv2_dm05_pascal_quant.tflite', ['--labels', dataFile('labels/pascal_voc_segmentation_labels.txt')]);
}

/** @param {any} manifest of packDeepLab() */
export function asSegmenter(manifest) {
  manifest.task = 'image-segmentation';
  manifest.segmentation = { output: 0, classes: 21, argmax: true };
}

/**
 * An uncompressed picture of 24 bits a pixel.
 * @param {string} file
 * @returns {{ width: number, height: number, data: Uint8ClampedArray }} RGBA
 */
export function readBmp(file) {
  const bytes = readFileSync(file);
  const [start, width, height, bits] = [bytes.readUInt32LE(10), bytes.readInt32LE(18), bytes.readInt32LE(22), bytes.readUInt16LE(28)];
  if (bits !== 24 || height < 0) throw new Error(`${file} is not a bottom-up picture of 24 bits`);
  const stride = Math.ceil((3 * width) / 4) * 4;
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) data[4 * (y * width + x) + c] = bytes[start + (height - 1 - y) * stride + 3 * x + 2 - c];
    }
  }
  return { width, height, data };
}
