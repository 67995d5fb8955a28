/** What bench:training compares. */

/** Packages at few bits, with many zeros and with few values, packed with and without refinement; `targetSize` in plain bytes.
 * @type {Record<string, { samples: number, steps: number, rows: { targetSize: number, prune?: number, weights?: string }[] }>} */
export const REFINED = {
  doodles: {
    samples: 400,
    steps: 500,
    rows: [
      { targetSize: 20_000 },
      { targetSize: 12_500 },
      { targetSize: 16_000, prune: 0.8 },
      { targetSize: 20_000, weights: 'shared' },
      { targetSize: 14_500, weights: 'shared' },
    ],
  },
  wake_words: {
    samples: 240,
    steps: 500,
    rows: [
      { targetSize: 23_000 },
      { targetSize: 14_000 },
      { targetSize: 18_000, prune: 0.8 },
      { targetSize: 23_000, weights: 'shared' },
      { targetSize: 16_000, weights: 'shared' },
    ],
  },
  sign_digits: {
    samples: 160,
    steps: 400,
    rows: [
      { targetSize: 17_000 },
      { targetSize: 12_500 },
      { targetSize: 13_500, prune: 0.8 },
      { targetSize: 17_000, weights: 'shared' },
      { targetSize: 13_500, weights: 'shared' },
    ],
  },
};

const relu = { activation: 'relu' };

/** Students that are small for their task; the model itself is the teacher. */
export const STUDENTS = [
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
    training: { epochs: 12 },
    distill: { temperature: 3, share: 0.8 },
    seeds: [1, 2, 3],
  },
  {
    model: 'intents',
    name: 'bags of 6 numbers',
    network: [{ bag: 6 }, { dense: 24, norm: true, ...relu }, { dense: 151 }],
    training: { epochs: 16 },
    distill: { temperature: 3, share: 0.8 },
    seeds: [1, 2, 3],
  },
];
