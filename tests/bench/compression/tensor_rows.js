/** Rows of models whose outputs are boxes, landmarks or features. Calibration has photos/imagenet, judging the other photos. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { DATA } from '../../parity/native_minnow.js';
import { CALIBRATION_PHOTOS, judgedPhotos, listData } from './bench_samples.js';
import { faceCuts } from './face_cuts.js';
import { FACE_HEIGHT, FACE_WIDTH } from './face_geometry.js';
import { faceFigures, facesOfPhotos } from './judge_faces.js';
import { figureOf, rangeError } from './judges.js';
import { readLayersTrunk } from './layers_model.js';
import { onnxOfLayers } from './layers_onnx.js';
import { answersOf } from './package_answers.js';
import { writeFrontend } from './pixel_files.js';

/** @typedef {import('./compression_rows.js').CompressionRow} CompressionRow */
/** @typedef {import('./judges.js').Figure} Figure */
/** @typedef {import('./package_answers.js').Samples} Samples */

const MAX_RANGE_ERROR = 2;
/** Of outputs that are much larger than a row of classes. */
const TENSOR_PHOTOS = 60;
const MESH_SIDE = 192;
const SHARE_GOAL = { mustShare: 0.16, aimShare: 0.12 };

const facePhotos = () => listData('photos', /^faces_.*\.jpe?g$/i);

/** @param {string} where @param {string} plain @param {string} small @param {Samples} samples @returns {Figure} */
function rangeFigure(where, plain, small, samples) {
  const [expected, got] = [plain, small].map((folder) => answersOf(folder, samples));
  return figureOf(`error of the range, ${where}`, rangeError(got, expected), { most: MAX_RANGE_ERROR });
}

const somePhotos = () => ({ pictures: judgedPhotos().slice(0, TENSOR_PHOTOS) });

/** @type {CompressionRow} */
export const faceMesh = {
  key: 'face_mesh',
  title: 'MediaPipe face mesh',
  search: ['--activations', 'float32', '--max-drop', '1'],
  goal: SHARE_GOAL,
  prepare: (work) => ({
    model: path.join(DATA, 'models/mediapipe/face_landmark_f32.tflite'),
    options: ['--image-range', '0,1'],
    calibrate: CALIBRATION_PHOTOS,
    judge(plain, small) {
      const cuts = faceCuts(work, [...facePhotos(), ...judgedPhotos()], MESH_SIDE);
      const tensors = new Float32Array(cuts.length * cuts[0].length);
      cuts.forEach((cut, index) => tensors.set(cut.map((value) => value / 255), index * cut.length));
      const faces = { tensors, count: cuts.length };
      return [rangeFigure(`${cuts.length} faces`, plain, small, faces), rangeFigure('photos', plain, small, somePhotos())];
    },
  }),
};

/** @type {CompressionRow[]} */
export const faceMeshWithoutSamples = ['float16', 'int8', 'int4'].map((type) => ({
  key: `face_mesh_${type}`,
  title: `MediaPipe face mesh, ${type} without samples`,
  search: ['--weights', type],
  needsNoSamples: true,
  prepare: faceMesh.prepare,
}));

/** @type {CompressionRow} */
export const palm = {
  key: 'palm',
  title: 'MediaPipe palm detection',
  search: ['--activations', 'float32', '--max-drop', '1.5'],
  goal: SHARE_GOAL,
  prepare: () => ({
    model: path.join(DATA, 'models/mediapipe/palm_detection_f32.tflite'),
    options: ['--image-range', '0,1'],
    calibrate: CALIBRATION_PHOTOS,
    judge: (plain, small) => [rangeFigure('photos', plain, small, somePhotos())],
  }),
};

/** @type {CompressionRow} */
export const trunk = {
  key: 'trunk',
  title: 'MobileNetV2 0.35 trunk',
  search: ['--max-drop', '1.8'],
  goal: SHARE_GOAL,
  prepare(work) {
    const model = path.join(work, 'trunk.onnx');
    writeFileSync(model, onnxOfLayers(readLayersTrunk(path.join(DATA, 'models/mobilenet_v2_035_tfjs'))));
    const image = { width: 224, height: 224, channels: 3, crop: 1, layout: 'nchw', scale: 2 / 255, offset: -1 };
    return {
      model,
      options: ['--frontend', writeFrontend(work, image)],
      calibrate: CALIBRATION_PHOTOS,
      judge: (plain, small) => [rangeFigure('photos', plain, small, { pictures: judgedPhotos() })],
    };
  },
};

/** @param {Pick<CompressionRow, 'key' | 'title' | 'search' | 'goal'>} row @returns {CompressionRow} */
const ultraFaceRow = (row) => ({
  ...row,
  prepare(work) {
    const image = { width: FACE_WIDTH, height: FACE_HEIGHT, channels: 3, crop: 1, fit: 'stretch', layout: 'nchw', scale: 1 / 128, offset: -127 / 128 };
    return {
      model: path.join(DATA, 'models/ultra_light_face/version-RFB-320_without_postprocessing.onnx'),
      options: ['--frontend', writeFrontend(work, image)],
      calibrate: CALIBRATION_PHOTOS,
      judge(plain, small) {
        const sets = { 'on photos of faces': facePhotos(), 'on other photos': judgedPhotos() };
        return Object.entries(sets).flatMap(([where, pictures], index) => {
          const [expected, got] = [plain, small].map((folder) => facesOfPhotos(answersOf(folder, { pictures })));
          return faceFigures(where, got, expected, index === 0);
        });
      },
    };
  },
});

export const ultraFace = ultraFaceRow({
  key: 'ultraface',
  title: 'UltraFace RFB-320',
  search: ['--activations', 'float32', '--target-size', '186k'],
  goal: { must: 200_000, aim: 140_000 },
});

export const ultraFaceMixed = ultraFaceRow({
  key: 'ultraface_mixed',
  title: 'UltraFace RFB-320, mixed activations',
  search: ['--activations', 'mixed', '--target-size', '198k'],
});

export const ultraFaceInt8 = ultraFaceRow({ key: 'ultraface_int8', title: 'UltraFace RFB-320, int8 activations', search: ['--target-size', '190k'] });
