/** Reads the feature extractor of a TensorFlow.js layers model: an image model of Teachable Machine without its head. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** @typedef {{ kind: string, name: string, config: any, inputs: string[] }} Layer inputs: names of layers */
/** @typedef {{ shape: number[], data: Float32Array }} Weight */
/** @typedef {{ layers: Layer[], weights: Map<string, Weight> }} LayersModel layers in execution order; the last one gives the output */

/** @param {string} folder with model.json and weights.bin @returns {LayersModel} */
export function readLayersTrunk(folder) {
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(path.join(folder, 'model.json'), 'utf8'));
  // Two parts one after the other: the trunk, then the head of whoever trained it.
  const [trunk] = modelTopology.config.layers ?? modelTopology.config;
  /** @type {Layer[]} */
  const layers = [];
  appendLayers(layers, trunk);
  return { layers, weights: readWeights(folder, weightsManifest) };
}

/** @param {Layer[]} layers @param {any} part a layer, or a model within the model */
function appendLayers(layers, part) {
  const { class_name: kind, config } = part;
  const parts = Array.isArray(config) ? config : config.layers;
  if (parts) {
    for (const inner of parts) appendLayers(layers, inner);
    return;
  }
  const named = (part.inbound_nodes ?? [])[0]?.map((/** @type {any[]} */ [name]) => name);
  const before = layers.length > 0 ? [layers[layers.length - 1].name] : [];
  layers.push({ kind, name: config.name, config, inputs: named ?? before });
}

/** @param {string} folder @param {any[]} manifest @returns {Map<string, Weight>} */
function readWeights(folder, manifest) {
  /** @type {Map<string, Weight>} */
  const weights = new Map();
  for (const { paths, weights: entries } of manifest) {
    const bytes = Buffer.concat(paths.map((/** @type {string} */ name) => readFileSync(path.join(folder, name))));
    const values = new Float32Array(Uint8Array.from(bytes).buffer);
    let at = 0;
    for (const { name, shape, dtype } of entries) {
      if (dtype !== 'float32') throw new Error(`weight ${name} is ${dtype}; float32 is read`);
      const count = shape.reduce((/** @type {number} */ product, /** @type {number} */ extent) => product * extent, 1);
      weights.set(name, { shape, data: values.slice(at, (at += count)) });
    }
  }
  return weights;
}
