/** What bench:training compares. */

/** Packages at few bits and many zeros, packed with and without refinement. `weights`: of the model.
 * @type {Record<string, { weights: number, samples: number, steps: number, rows: { bits: number, prune?: number }[] }>} */
export const REFINED = {
  doodles: { weights: 38544, samples: 400, steps: 500, rows: [{ bits: 3 }, { bits: 1.5 }, { bits: 3, prune: 0.8 }] },
  wake_words: { weights: 32513, samples: 240, steps: 400, rows: [{ bits: 3 }, { bits: 1.5 }, { bits: 3, prune: 0.8 }] },
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
    training: { epochs: 20 },
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
