/** Times a model operator by operator. */

/** @typedef {import('./engine.js').Engine} Engine */
/** @typedef {import('../base/types.js').OperatorProfile} OperatorProfile */
/** @typedef {import('../base/types.js').Profile} Profile */

/** What operator_info() of minnow_wasm.c writes: two words, six extents, three float64, the name. */
const EXTENTS_AT = 8;
const FIGURES_AT = 32;
const NAME_AT = 56;

/** What of an engine is needed. @typedef {Pick<Engine, 'exports' | 'call' | 'setInput'>} ProfiledEngine */
/** @typedef {Omit<OperatorProfile, 'ms' | 'gmacPerSecond'>} OperatorInfo */

/**
 * Of the runs, the quarter that took longest and the one that took least are left out, as whole runs; the others'
 * times are averaged. A median of each operator would show nothing of those that are shorter than a step of the
 * clock, while over several runs a mean does: now and then the step falls into them.
 * @param {ProfiledEngine} engine
 * @param {import('../base/types.js').TensorData[]} inputs of the dtypes and lengths of the model's
 * @param {number} runs
 * @returns {Profile}
 */
export function profileEngine(engine, inputs, runs) {
  const operators = listOperators(engine);
  const times = Array.from({ length: runs }, () => timeRun(engine, inputs, operators.length));
  times.sort((a, b) => sum(a) - sum(b));
  const quarter = Math.floor(runs / 4);
  const counted = times.slice(quarter, runs - quarter);
  const means = operators.map((_, i) => sum(counted.map((run) => run[i])) / counted.length);
  return {
    runs,
    ms: sum(means),
    operators: operators.map((operator, i) => ({
      ...operator,
      ms: means[i],
      gmacPerSecond: means[i] && operator.multiplyAdds / means[i] / 1e6,
    })),
  };
}

/** @param {ProfiledEngine} engine @param {import('../base/types.js').TensorData[]} inputs @param {number} count */
function timeRun(engine, inputs, count) {
  // Activations share memory, so no input outlives a run.
  inputs.forEach((data, i) => engine.setInput(i, data));
  return Array.from({ length: count }, () => {
    const begunAt = performance.now();
    engine.call((e) => e.step());
    return performance.now() - begunAt;
  });
}

/** @param {ProfiledEngine} engine @returns {OperatorInfo[]} */
function listOperators(engine) {
  const operators = [];
  while (engine.exports.operator_info(operators.length) === 0) operators.push(readOperator(engine));
  return operators;
}

/** @param {ProfiledEngine} engine @returns {OperatorInfo} the one that the transfer buffer tells of */
function readOperator({ exports }) {
  const view = new DataView(exports.memory.buffer, exports.io());
  const [nameBytes, rank] = [0, 4].map((at) => view.getUint32(at, true));
  const [constantBytes, activationBytes, multiplyAdds] = [0, 8, 16].map((at) => view.getFloat64(FIGURES_AT + at, true));
  return {
    name: String.fromCharCode(...new Uint8Array(exports.memory.buffer, exports.io() + NAME_AT, nameBytes)),
    shape: Array.from({ length: rank }, (_, i) => view.getInt32(EXTENTS_AT + 4 * i, true)),
    multiplyAdds,
    constantBytes,
    activationBytes,
  };
}

/** @param {number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
