/** Networks with weights by Deep Compression: SqueezeNet against ONNX Runtime, small ones against loops as Caffe's. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';

import { OnnxReference } from '../reference/onnx_reference.js';
import { readNetwork, runNetwork, toChannelsFirst, toOnnx } from './caffe_reference.js';
import { DATA, listPhotos, missingNative, packInto, runPhotos, runTensors, withTempDir } from './native_minnow.js';
import { compareReals } from './tensor_comparison.js';

const FOLDER = 'models/squeezenet_deep_compression';
const [WEIGHTS, GRAPH] = ['compressed_SqueezeNet.net', 'SqueezeNet_deploy.prototxt'].map((name) => path.join(DATA, FOLDER, name));
/** Of the packed SqueezeNet, brotli. */
const MAX_BYTES = 550_000;
const MAX_ERROR_OF_RANGE = 1e-4;
/** As the network was trained: shorter side 256, centre 227, blue first, without the mean. */
const FRONTEND = {
  inputs: [{ image: { crop: 227 / 256, order: 'bgr', scale: 1, offset: [-104.007, -116.669, -122.679] } }],
  task: 'image-classification',
};
const INPUT_DIMS = [1, 3, 227, 227];
const PHOTOS = 25;
const MIN_TOP1 = 15;

/** @param {Buffer} bytes */
const floats = (bytes) => new Float32Array(Uint8Array.from(bytes).buffer);

/** @param {Float32Array} row */
const best = (row) => row.indexOf(row.reduce((a, b) => Math.max(a, b)));

/** @param {number} seed @returns {() => number} in [-1, 1) */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/**
 * Weights as a file of Deep Compression, most of them 0.
 * @param {{ weights: number, outputs: number }[]} layers
 */
function writeNet(layers) {
  const random = generator(5);
  const coded = layers.map(({ weights }) => {
    /** @type {{ symbol: number, gap: number }[]} */
    const entries = [];
    let zeros = 0;
    for (let i = 0; i < weights; i++) {
      const symbol = random() < 0.6 ? 0 : 1 + Math.floor((random() + 1) * 127);
      if (symbol === 0 && zeros < 15) zeros++;
      else {
        entries.push({ symbol, gap: zeros });
        zeros = 0;
      }
    }
    return entries;
  });
  const parts = [Buffer.from(Uint32Array.from(coded, (entries) => entries.length).buffer)];
  layers.forEach(({ outputs }, index) => {
    const entries = coded[index];
    const codebook = Float32Array.from({ length: 256 }, (_, i) => (i === 0 ? 0 : random() / 2));
    const bias = Float32Array.from({ length: outputs }, random);
    const gaps = Buffer.alloc((entries.length + 1) >> 1);
    entries.forEach(({ gap }, i) => (gaps[i >> 1] |= i % 2 === 0 ? gap : gap << 4));
    parts.push(Buffer.from(codebook.buffer), Buffer.from(bias.buffer), Buffer.from(entries.map(({ symbol }) => symbol)), gaps);
  });
  return Buffer.concat(parts);
}

/** @param {string} type @param {string} bottom @param {string} top @param {string} [fields] */
const layer = (type, bottom, top, fields = '') =>
  `layer { name: "${type} ${top}" type: "${type}" ${bottom.split(' ').map((name) => `bottom: "${name}"`).join(' ')} top: "${top}" ${fields} }\n`;

/** @param {number[]} dims */
const input = (dims) => `name: "small"\ninput: "data"\n${dims.map((dim) => `input_dim: ${dim}`).join('\n')}\n`;

/** Networks of one kind of layer each, but for the convolution that all begin with. */
const SMALL = {
  'pools that end in the middle of a window': {
    inputDims: [1, 4, 11, 14],
    tail: layer('Pooling', 'c', 'max', 'pooling_param { pool: MAX kernel_size: 3 stride: 2 }') +
      layer('Pooling', 'c', 'average', 'pooling_param { pool: AVE kernel_size: 3 stride: 2 }'),
  },
  'padded pools': {
    inputDims: [1, 4, 11, 14],
    tail: layer('Pooling', 'c', 'max', 'pooling_param { kernel_size: 3 stride: 2 pad: 1 }') +
      layer('Pooling', 'c', 'average', 'pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }') +
      layer('Pooling', 'c', 'wide', 'pooling_param { pool: AVE kernel_h: 2 kernel_w: 5 stride_h: 3 stride_w: 4 pad_h: 1 pad_w: 2 }'),
  },
  'a pool of everything, dropout not in place and a softmax': {
    inputDims: [10, 4, 9, 9],
    tail: layer('ReLU', 'c', 'c') + layer('Pooling', 'c', 'p', 'pooling_param { pool: MAX global_pooling: true }') +
      layer('Dropout', 'p', 'd', 'dropout_param { dropout_ratio: 0.5 }') + layer('Softmax', 'd', 'shares'),
  },
  'a softmax of every pixel': { inputDims: [1, 4, 5, 6], tail: layer('Softmax', 'c', 'shares', 'softmax_param { axis: 1 }') },
  'strides, dilation, both forms of sizes': {
    inputDims: [1, 4, 17, 19],
    tail: layer('Convolution', 'c', 'a', 'convolution_param { num_output: 5 kernel_size: 3 dilation: 2 pad: 1 stride: 2 }') +
      layer('Convolution', 'c', 'b', 'convolution_param { num_output: 3 kernel_h: 1 kernel_w: 4 stride_h: 3 stride_w: 2 pad_h: 0 pad_w: 3 }') +
      layer('Convolution', 'a', 'e', 'convolution_param { num_output: 4 kernel_size: 1 }') +
      layer('Concat', 'a e', 'joined', ''),
    layers: [
      { weights: 5 * 8 * 9, outputs: 5 },
      { weights: 3 * 8 * 4, outputs: 3 },
      { weights: 4 * 5, outputs: 4 },
    ],
  },
  'groups, and a group for each channel': {
    inputDims: [1, 4, 9, 8],
    tail: layer('Convolution', 'c', 'g', 'convolution_param { num_output: 6 kernel_size: 3 group: 2 }') +
      layer('ReLU', 'g', 'g') +
      layer('Convolution', 'g', 'd', 'convolution_param { num_output: 12 kernel_size: 3 pad: 1 group: 6 }'),
    layers: [{ weights: 6 * 4 * 9, outputs: 6 }, { weights: 12 * 9, outputs: 12 }],
  },
};

describe('small Caffe networks against loops', { skip: missingNative() }, () => {
  for (const [name, small] of Object.entries(SMALL)) {
    test(name, () =>
      withTempDir(async (dir) => {
        const [, channels] = small.inputDims;
        const head = layer('Convolution', 'data', 'c', 'convolution_param { num_output: 8 kernel_size: 3 pad: 1 }');
        const prototxt = input(small.inputDims) + head + small.tail;
        const net = writeNet([{ weights: 8 * channels * 9, outputs: 8 }, ...('layers' in small ? small.layers : [])]);
        await writeFile(path.join(dir, 'small.net'), net);
        await writeFile(path.join(dir, 'small.prototxt'), prototxt);
        await packInto(path.join(dir, 'small.net'), path.join(dir, 'package'));
        const network = readNetwork(prototxt, net);
        const dims = [1, ...small.inputDims.slice(1)];
        const random = generator(9);
        const data = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, random);
        const found = floats(await runTensors(path.join(dir, 'package'), Buffer.from(data.buffer)));
        let at = 0;
        for (const { dims: shape, data: expected } of runNetwork({ ...network, inputDims: dims }, toChannelsFirst(data, dims))) {
          const actual = toChannelsFirst(found.subarray(at, (at += expected.length)), shape);
          assert.ok(compareReals([...expected], [...actual]).error <= 1e-6);
        }
        assert.equal(at, found.length);
      }));
  }
});

describe('SqueezeNet by Deep Compression', { skip: missingNative(`${FOLDER}/LAYOUT.txt`, 'photos/imagenet') }, () => {
  test('its logits on photos against ONNX Runtime', (t) =>
    withTempDir(async (dir) => {
      const [model, frontend, folder] = ['model.onnx', 'frontend.json', 'package'].map((name) => path.join(dir, name));
      await writeFile(model, toOnnx(readNetwork(await readFile(GRAPH, 'utf8'), await readFile(WEIGHTS))));
      await writeFile(frontend, JSON.stringify(FRONTEND));
      await packInto(WEIGHTS, folder, ['--frontend', frontend]);
      const { shards } = JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8'));
      const bytes = shards.reduce((/** @type {number} */ sum, /** @type {any} */ shard) => sum + shard.encodings.br, 0);
      t.diagnostic(`${bytes} bytes of brotli; the file has ${(await readFile(WEIGHTS)).length}`);
      assert.ok(bytes <= MAX_BYTES);
      const photos = listPhotos().filter((_, index) => index % 4 === 0).slice(0, PHOTOS);
      const { inputs, outputs } = await runPhotos(folder, photos);
      const pictures = floats(inputs);
      const size = pictures.length / photos.length;
      const first = photos.map((_, i) => toChannelsFirst(pictures.subarray(i * size, (i + 1) * size), INPUT_DIMS));
      const reference = await OnnxReference.open(model);
      t.after(() => reference.close());
      const expected = floats(await reference.run(Buffer.concat(first.map(({ buffer }) => new Uint8Array(buffer))), photos.length));
      const actual = floats(outputs);
      assert.equal(actual.length, 1000 * photos.length);
      const { error } = compareReals([...expected], [...actual]);
      const wnids = readFileSync(path.join(DATA, 'labels/imagenet_wnids.tsv'), 'utf8').split('\n').map((line) => line.split('\t')[0]);
      const rightOf = (/** @type {Float32Array} */ scores) =>
        photos.filter((photo, i) => path.basename(photo).startsWith(`${wnids[best(scores.subarray(1000 * i, 1000 * (i + 1)))]}_`)).length;
      t.diagnostic(`largest error ${error.toExponential(1)} of the range; ${rightOf(actual)} of ${photos.length} right at top 1`);
      assert.ok(error <= MAX_ERROR_OF_RANGE);
      assert.equal(rightOf(actual), rightOf(expected));
      assert.ok(rightOf(actual) >= MIN_TOP1);
    }));
});
