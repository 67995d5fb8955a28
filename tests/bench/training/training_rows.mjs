/** What bench:training compares. */

/** What learning takes where few of the weights are left. */
const long = { steps: 1500, rate: 0.1 };

/** Packages at few bits, with many zeros and with few values, packed with and without refinement; `targetSize` in plain bytes.
 * @type {Record<string, { samples: number, steps: number, rows: { targetSize: number, prune?: number, weights?: string, refine?: object }[] }>} */
export const REFINED = {
  doodles: {
    samples: 400,
    steps: 500,
    rows: [
      { targetSize: 23_000 },
      { targetSize: 12_500 },
      { targetSize: 20_000, prune: 0.8, refine: long },
      { targetSize: 20_000, weights: 'shared' },
      { targetSize: 16_000, weights: 'shared', refine: { steps: 1000 } },
    ],
  },
  wake_words: {
    samples: 240,
    steps: 500,
    rows: [
      { targetSize: 27_500 },
      { targetSize: 14_000 },
      { targetSize: 33_000, prune: 0.8, refine: { steps: 1500, rate: 0.03, temperature: 1 } },
      { targetSize: 25_000, weights: 'shared' },
      { targetSize: 20_000, weights: 'shared' },
    ],
  },
  sign_digits: {
    samples: 160,
    steps: 400,
    rows: [
      { targetSize: 20_500 },
      { targetSize: 12_500 },
      { targetSize: 18_000, prune: 0.8, refine: long },
      { targetSize: 20_000, weights: 'shared' },
      { targetSize: 16_000, weights: 'shared', refine: { steps: 1000 } },
    ],
  },
};

const relu = { activation: 'relu' };

/** Students that are small for their task; the model itself is the teacher. */
export const STUDENTS = [
  {
    model: 'wake_words',
    name: '4.9 k weights',
    network: [
      { conv: 24, kernel: [3, 1], ...relu },
      { depthwise: 1, kernel: [7, 1], stride: [2, 1], ...relu },
      { conv: 24, ...relu },
      { depthwise: 1, kernel: [9, 1], stride: [2, 1], ...relu },
      { conv: 32, ...relu },
      { pool: 'mean' },
      { dense: 6 },
    ],
    training: { epochs: 12 },
    distill: { temperature: 2, share: 0.7 },
    seeds: [1, 2, 3],
  },
  {
    model: 'intents',
    name: 'bags of 6 numbers',
    network: [{ bag: 6 }, { dense: 24, norm: true, ...relu }, { dense: 151 }],
    training: { epochs: 16 },
    distill: { temperature: 2, share: 0.9 },
    seeds: [1, 2, 3],
  },
  {
    model: 'doodles',
    name: '2.9 k weights',
    network: [
      { conv: 6, kernel: 3, stride: 2, ...relu },
      { conv: 10, kernel: 3, stride: 2, ...relu },
      { conv: 16, kernel: 3, stride: 2, ...relu },
      { pool: 'mean' },
      { dense: 8 },
    ],
    training: { epochs: 12, pruneChannels: undefined }, // narrow enough
    distill: { temperature: 2, share: 0.5 },
    seeds: [1, 2, 3],
  },
];
