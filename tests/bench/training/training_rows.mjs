/** What bench:training compares. */

/** Packages at few bits and many zeros, packed with and without refinement; `targetSize` in plain bytes.
 * @type {Record<string, { samples: number, steps: number, rows: { targetSize: number, prune?: number }[] }>} */
export const REFINED = {
  doodles: {
    samples: 400,
    steps: 500,
    rows: [{ targetSize: 38_500 }, { targetSize: 23_000 }, { targetSize: 38_500, prune: 0.8 }, { targetSize: 38_500, prune: 0.9 }],
  },
  wake_words: {
    samples: 240,
    steps: 500,
    rows: [{ targetSize: 29_000 }, { targetSize: 18_000 }, { targetSize: 29_000, prune: 0.8 }],
  },
  sign_digits: {
    samples: 160,
    steps: 400,
    rows: [{ targetSize: 20_000 }, { targetSize: 15_000 }, { targetSize: 20_000, prune: 0.8 }],
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
