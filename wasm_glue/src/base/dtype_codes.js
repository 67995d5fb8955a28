/** mnw_dtype of minnow.h. @type {Record<import('./types.js').Dtype, number>} */
export const DTYPE_CODES = { float32: 1, int8: 2, uint8: 3, int32: 4, int64: 5, bool: 6, int16: 7 };
