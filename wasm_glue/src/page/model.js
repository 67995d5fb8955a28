/** A model as tensors: typed arrays in, typed arrays out. */
import { MinnowError } from '../base/errors.js';
import { ModelBase, openModel } from './model_base.js';

/** @typedef {import('../base/types.js').TensorData} TensorData */
/** @typedef {import('../base/types.js').TensorSpec} TensorSpec */
/** @typedef {import('../base/types.js').OutputTensor} OutputTensor */

/** @type {Record<import('../base/types.js').Dtype, readonly string[]>} the arrays each dtype takes */
const ARRAY_NAMES = {
  float32: ['Float32Array'],
  int8: ['Int8Array'],
  uint8: ['Uint8Array', 'Uint8ClampedArray'],
  int32: ['Int32Array'],
  int64: ['BigInt64Array'],
  bool: ['Uint8Array'],
  int16: ['Int16Array'],
};

export class Model extends ModelBase {
  /**
   * Loads a package.
   * @param {import('../base/types.js').PackageSource} source
   * @param {import('../base/types.js').CreateOptions} [options]
   * @returns {Promise<Model>}
   */
  static async create(source, options = {}) {
    return new this(await openModel(source, options));
  }

  /**
   * Runs the model once. Runs asked for at the same time are done one after the other.
   * @param {TensorData | Uint8ClampedArray | readonly (TensorData | Uint8ClampedArray)[]} inputs one typed array an
   *   input, in the dtype of `info.inputs`; they are copied
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<OutputTensor[]>}
   */
  async run(inputs, { signal } = {}) {
    const arrays = checkInputs(inputs, this.info.inputs);
    const { outputs } = await this._inTurn(signal, () => this._client.run(arrays));
    return outputs.map((data, i) => {
      const { name, dtype, shape } = this.info.outputs[i];
      return { name, dtype, shape, data };
    });
  }

  /**
   * Times the model operator by operator. Where a page is not cross-origin isolated its clock goes in steps of 0.1 to
   * 1 ms: the times are means, so that the sum holds all the same, but single short operators need many runs.
   * Aborting gives up waiting; what has begun is finished unheard, all runs of it.
   * @param {Parameters<Model['run']>[0]} inputs as for run()
   * @param {{ runs?: number, signal?: AbortSignal }} [options] runs: 20 by default
   * @returns {Promise<import('../base/types.js').Profile>}
   */
  async profile(inputs, { runs = 20, signal } = {}) {
    const arrays = checkInputs(inputs, this.info.inputs);
    if (!(runs > 0 && Number.isInteger(runs))) throw new MinnowError('INVALID_ARGUMENT', 'runs: give a whole number above 0');
    return (await this._inTurn(signal, () => this._client.profile(arrays, runs))).profile;
  }
}

/**
 * @param {unknown} inputs
 * @param {readonly TensorSpec[]} specs
 * @returns {TensorData[]} one an input
 * @throws {MinnowError} INVALID_ARGUMENT for arrays of another number, dtype or length
 */
export function checkInputs(inputs, specs) {
  const arrays = Array.isArray(inputs) ? inputs : [inputs];
  if (arrays.length !== specs.length) {
    throw new MinnowError('INVALID_ARGUMENT', `inputs: the model has ${specs.length} inputs, ${arrays.length} were given`);
  }
  arrays.forEach((data, i) => {
    const { name, dtype, shape } = specs[i];
    const wanted = ARRAY_NAMES[dtype];
    const length = shape.reduce((product, dim) => product * dim, 1);
    const given = Object.prototype.toString.call(data).slice(8, -1);
    if (!wanted.includes(given) || data.length !== length) {
      const have = ArrayBuffer.isView(data) ? `${given} of ${/** @type {any} */ (data).length}` : given;
      const message = `inputs[${i}] ("${name}") must be a ${wanted[0]} of ${length} (shape [${shape}]), and is a ${have}`;
      throw new MinnowError('INVALID_ARGUMENT', message);
    }
  });
  return arrays;
}
