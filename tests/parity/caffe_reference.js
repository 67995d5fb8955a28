/**
 * Caffe networks with weights by Deep Compression, read and computed independently of the packer: the .prototxt by a
 * tokenizer of a few lines, the layers by loops as Caffe's own, or as an ONNX model for ONNX Runtime.
 */
import { ONNX_TYPE, OnnxWriter } from './onnx_writer.js';

/** @typedef {string | Message} Value */
/** @typedef {{ [field: string]: Value[] }} Message */
/** @typedef {{ dims: number[], data: Float32Array }} Blob NCHW */
/** @typedef {{ dims: number[], weights: Float32Array, bias: Float32Array }} Weights [out, in / groups, kh, kw] */
/** @typedef {{ type: string, name: string, bottoms: string[], top: string, parameters: Message, weights?: Weights }} Layer */
/** @typedef {{ input: string, inputDims: number[], layers: Layer[], outputs: string[] }} Network */

/** @param {string} text @returns {Message} */
export function parsePrototxt(text) {
  const tokens = text.replace(/#.*/g, '').match(/"[^"]*"|[\w.+-]+|[{}]/g) ?? [];
  let at = 0;
  /** @returns {Message} */
  const message = () => {
    /** @type {Message} */
    const fields = {};
    while (at < tokens.length && tokens[at] !== '}') {
      const name = tokens[at++];
      let value;
      if (tokens[at] === '{') {
        at++;
        value = message();
        at++;
      } else {
        value = tokens[at++].replaceAll('"', '');
      }
      (fields[name] ??= []).push(value);
    }
    return fields;
  };
  return message();
}

/** @param {Message} fields @param {string} name @param {number} fallback */
const number = (fields, name, fallback) => Number(fields[name]?.[0] ?? fallback);

/** Height and width. @param {Message} fields @param {string} both @param {string} stem @param {number} fallback */
function pair(fields, both, stem, fallback) {
  const values = fields[both] ?? [];
  if (values.length > 0) return [Number(values[0]), Number(values.at(-1))];
  return [number(fields, `${stem}_h`, fallback), number(fields, `${stem}_w`, fallback)];
}

/** @param {Message} fields of a layer's parameters */
const windowOf = (fields) => ({
  kernel: pair(fields, 'kernel_size', 'kernel', 1),
  stride: pair(fields, 'stride', 'stride', 1),
  pad: pair(fields, 'pad', 'pad', 0),
  dilation: pair(fields, 'dilation', 'dilation', 1),
});

/** The channels that each blob has. @param {Network} network */
function channelsOf({ input, inputDims, layers }) {
  const channels = new Map([[input, inputDims[1]]]);
  for (const { type, bottoms, top, parameters } of layers) {
    const sum = bottoms.reduce((total, name) => total + Number(channels.get(name)), 0);
    channels.set(top, type === 'Convolution' ? number(parameters, 'num_output', 0) : sum);
  }
  return channels;
}

/**
 * @param {string} prototxt
 * @param {Buffer} net
 * @returns {Network}
 */
export function readNetwork(prototxt, net) {
  const root = parsePrototxt(prototxt);
  const layers = /** @type {Message[]} */ (root.layer).map((layer) => ({
    type: String(layer.type[0]),
    name: String(layer.name[0]),
    bottoms: (layer.bottom ?? []).map(String),
    top: String(layer.top[0]),
    parameters: /** @type {Message} */ (layer.convolution_param?.[0] ?? layer.pooling_param?.[0] ?? {}),
  }));
  const read = new Set(layers.filter(({ top, bottoms }) => !bottoms.includes(top)).flatMap(({ bottoms }) => bottoms));
  /** @type {Network} */
  const network = {
    input: String(root.input[0]),
    inputDims: root.input_dim.map(Number),
    layers,
    outputs: [...new Set(layers.map(({ top }) => top))].filter((top) => !read.has(top)),
  };
  decodeWeights(network, net);
  return network;
}

/** @param {Network} network @param {Buffer} net */
function decodeWeights(network, net) {
  const channels = channelsOf(network);
  const layers = network.layers.filter(({ type }) => type === 'Convolution');
  let at = 4 * layers.length;
  layers.forEach((layer, index) => {
    const { kernel } = windowOf(layer.parameters);
    const outputs = number(layer.parameters, 'num_output', 0);
    const dims = [outputs, Number(channels.get(layer.bottoms[0])) / number(layer.parameters, 'group', 1), ...kernel];
    const weights = new Float32Array(dims.reduce((a, b) => a * b));
    const entries = net.readUInt32LE(4 * index);
    const codebook = Array.from({ length: 256 }, (_, i) => net.readFloatLE(at + 4 * i));
    const bias = Float32Array.from({ length: outputs }, (_, i) => net.readFloatLE(at + 1024 + 4 * i));
    at += 1024 + 4 * outputs;
    let place = -1;
    for (let entry = 0; entry < entries; entry++) {
      const gaps = net[at + entries + (entry >> 1)];
      place += 1 + (entry % 2 === 0 ? gaps & 15 : gaps >> 4);
      weights[place] = codebook[net[at + entry]];
    }
    at += entries + ((entries + 1) >> 1);
    layer.weights = { dims, weights, bias };
  });
  if (at !== net.length) throw new Error(`the layers take ${at} bytes of ${net.length}`);
}

// --- as an ONNX model ---

/** @param {Network} network @returns {Buffer} with inputs and outputs in NCHW */
export function toOnnx({ input, inputDims, layers, outputs }) {
  const writer = new OnnxWriter();
  const values = new Map([[input, writer.input(input, ONNX_TYPE.float, inputDims)]]);
  for (const { type, bottoms, top, parameters, weights } of layers) {
    const operands = bottoms.map((name) => String(values.get(name)));
    const { kernel, stride, pad } = windowOf(parameters);
    if (type === 'Convolution' && weights) {
      const constants = [
        writer.constant(ONNX_TYPE.float, weights.dims, weights.weights),
        writer.constant(ONNX_TYPE.float, [weights.dims[0]], weights.bias),
      ];
      values.set(top, writer.node('Conv', [...operands, ...constants], { strides: stride, pads: [...pad, ...pad] }));
    } else if (type === 'Pooling' && parameters.global_pooling) {
      values.set(top, writer.node('GlobalAveragePool', operands));
    } else if (type === 'Pooling') {
      values.set(top, writer.node('MaxPool', operands, { kernel_shape: kernel, strides: stride, ceil_mode: 1 }));
    } else if (type === 'Dropout') {
      values.set(top, operands[0]);
    } else {
      values.set(top, writer.node(type === 'ReLU' ? 'Relu' : type, operands, type === 'Concat' ? { axis: 1 } : {}));
    }
  }
  for (const name of outputs) {
    writer.node('Identity', [String(values.get(name))], {}, [name]);
    writer.output(name, ONNX_TYPE.float, [1, 'c', 'h', 'w']);
  }
  return writer.toBuffer();
}

// --- in loops ---

/** @param {Blob} bottom @param {Layer} layer @returns {Blob} */
function convolution({ dims: [, , height, width], data }, { parameters, weights }) {
  if (!weights) throw new Error('no weights');
  const { kernel, stride, pad, dilation } = windowOf(parameters);
  const [outputs, depth] = weights.dims;
  const groups = number(parameters, 'group', 1);
  const size = [height, width].map((side, i) => Math.floor((side + 2 * pad[i] - (dilation[i] * (kernel[i] - 1) + 1)) / stride[i]) + 1);
  const top = new Float32Array(outputs * size[0] * size[1]);
  for (let o = 0; o < outputs; o++) {
    const first = Math.floor(o / (outputs / groups)) * depth;
    for (let y = 0; y < size[0]; y++) {
      for (let x = 0; x < size[1]; x++) {
        let sum = weights.bias[o];
        for (let i = 0; i < depth; i++) {
          for (let ky = 0; ky < kernel[0]; ky++) {
            for (let kx = 0; kx < kernel[1]; kx++) {
              const [h, w] = [y * stride[0] - pad[0] + ky * dilation[0], x * stride[1] - pad[1] + kx * dilation[1]];
              if (h < 0 || h >= height || w < 0 || w >= width) continue;
              sum += data[((first + i) * height + h) * width + w] * weights.weights[((o * depth + i) * kernel[0] + ky) * kernel[1] + kx];
            }
          }
        }
        top[(o * size[0] + y) * size[1] + x] = sum;
      }
    }
  }
  return { dims: [1, outputs, ...size], data: top };
}

/** As PoolingLayer of Caffe. @param {Blob} bottom @param {Layer} layer @returns {Blob} */
function pooling({ dims: [, channels, height, width], data }, { parameters }) {
  const { stride, pad, ...window } = windowOf(parameters);
  const kernel = parameters.global_pooling ? [height, width] : window.kernel;
  const isAverage = parameters.pool?.[0] === 'AVE';
  const size = [height, width].map((side, i) => Math.ceil((side + 2 * pad[i] - kernel[i]) / stride[i]) + 1);
  if (pad[0] || pad[1]) {
    [height, width].forEach((side, i) => {
      if ((size[i] - 1) * stride[i] >= side + pad[i]) size[i]--;
    });
  }
  const top = [];
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < size[0]; y++) {
      for (let x = 0; x < size[1]; x++) {
        const [h0, w0] = [y * stride[0] - pad[0], x * stride[1] - pad[1]];
        const [h1, w1] = [Math.min(h0 + kernel[0], height + pad[0]), Math.min(w0 + kernel[1], width + pad[1])];
        let value = isAverage ? 0 : -Infinity;
        for (let h = Math.max(h0, 0); h < Math.min(h1, height); h++) {
          for (let w = Math.max(w0, 0); w < Math.min(w1, width); w++) {
            const element = data[(c * height + h) * width + w];
            value = isAverage ? value + element : Math.max(value, element);
          }
        }
        top.push(isAverage ? value / ((h1 - h0) * (w1 - w0)) : value);
      }
    }
  }
  return { dims: [1, channels, ...size], data: Float32Array.from(top) };
}

/** Along the channels. @param {Blob} bottom @returns {Blob} */
function softmax({ dims, data }) {
  const area = dims[2] * dims[3];
  const top = new Float32Array(data.length);
  for (let i = 0; i < area; i++) {
    const row = Array.from({ length: dims[1] }, (_, c) => Math.exp(data[c * area + i]));
    const sum = row.reduce((a, b) => a + b);
    row.forEach((value, c) => (top[c * area + i] = value / sum));
  }
  return { dims, data: top };
}

/** @param {Blob[]} bottoms @returns {Blob} */
function concat(bottoms) {
  const [n, , ...size] = bottoms[0].dims;
  const data = Float32Array.from(bottoms.flatMap((bottom) => [...bottom.data]));
  return { dims: [n, bottoms.reduce((sum, { dims }) => sum + dims[1], 0), ...size], data };
}

/**
 * @param {Network} network
 * @param {Float32Array} inputData NCHW
 * @returns {Blob[]} the outputs
 */
export function runNetwork({ input, inputDims, layers, outputs }, inputData) {
  /** @type {Map<string, Blob>} */
  const blobs = new Map([[input, { dims: inputDims, data: inputData }]]);
  for (const layer of layers) {
    const bottoms = layer.bottoms.map((name) => /** @type {Blob} */ (blobs.get(name)));
    const [first] = bottoms;
    if (layer.type === 'Convolution') blobs.set(layer.top, convolution(first, layer));
    else if (layer.type === 'Pooling') blobs.set(layer.top, pooling(first, layer));
    else if (layer.type === 'Softmax') blobs.set(layer.top, softmax(first));
    else if (layer.type === 'Concat') blobs.set(layer.top, concat(bottoms));
    else if (layer.type === 'ReLU') blobs.set(layer.top, { dims: first.dims, data: first.data.map((x) => Math.max(x, 0)) });
    else blobs.set(layer.top, first);
  }
  return outputs.map((name) => /** @type {Blob} */ (blobs.get(name)));
}

/** @param {Float32Array} data NHWC @param {number[]} dims NCHW @returns {Float32Array} NCHW */
export function toChannelsFirst(data, [, channels, height, width]) {
  const area = height * width;
  return Float32Array.from(data, (_, i) => data[(i % area) * channels + Math.floor(i / area)]);
}
