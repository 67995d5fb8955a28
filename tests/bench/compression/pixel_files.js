/** Pictures as tensors: front ends, and a package that hands pixels through. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ONNX_TYPE, OnnxWriter } from '../../parity/onnx_writer.js';
import { packModel } from './package_answers.js';

export const CHANNELS = 3;

/**
 * A package whose input, and so `inputsOf`, is the picture as RGB from 0 to 255.
 * @param {string} work scratch folder
 * @param {{ width: number, height: number, fit?: string }} size
 * @returns {string} its folder
 */
export function passThrough(work, { width, height, fit = 'crop' }) {
  const stem = path.join(work, `pixels_${width}_${height}`);
  const writer = new OnnxWriter();
  const shape = [1, height, width, CHANNELS];
  writer.node('Relu', [writer.input('picture', ONNX_TYPE.float, shape)], {}, ['pixels']);
  writer.output('pixels', ONNX_TYPE.float, shape);
  writeFileSync(`${stem}.onnx`, writer.toBuffer());
  const image = { width, height, channels: CHANNELS, crop: 1, fit, scale: 1, offset: 0 };
  return packModel(`${stem}.onnx`, stem, ['--frontend', writeFrontend(work, image)]).folder;
}

/** @param {string} work @param {object} image as in the manifest @returns {string} a file for --frontend */
export function writeFrontend(work, image) {
  const file = path.join(work, 'frontend.json');
  writeFileSync(file, JSON.stringify({ inputs: [{ image }] }));
  return file;
}
