/**
 * Whether a picture's file is all there. Browsers differ in what they make of half a file: one refuses it, one
 * paints the rest grey, one gives black; the classes would be those of a grey or black picture.
 *
 * Only the formats' outer structure is read, as far as the place that says where the picture ends. What
 * stands behind it (the film of a moving photo, say) does not matter.
 */

/** @param {Uint8Array} bytes @returns {boolean} true: a part is missing; false: it is complete, or of another format */
export function endsEarly(bytes) {
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return jpegEndsEarly(bytes);
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return pngEndsEarly(bytes);
  const isWebp = startsWith(bytes, [0x52, 0x49, 0x46, 0x46]) && startsWith(bytes.subarray(8), [0x57, 0x45, 0x42, 0x50]);
  return isWebp && 8 + wordAt(bytes, 4, true) > bytes.length;
}

/**
 * Walks from marker to marker. Compressed data holds no marker but restarts, each 0xff in it being followed by 0.
 * @param {Uint8Array} bytes
 */
function jpegEndsEarly(bytes) {
  for (let i = bytes.indexOf(0xff, 2); i >= 0; i = bytes.indexOf(0xff, i)) {
    while (bytes[i] === 0xff) i++;
    const marker = bytes[i++];
    if (marker === 0xd9) return false;
    const isAlone = marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    if (!isAlone) i += (bytes[i] << 8) | bytes[i + 1];
  }
  return true;
}

/** @param {Uint8Array} bytes */
function pngEndsEarly(bytes) {
  for (let i = 8; i + 12 <= bytes.length; ) {
    const isEnd = startsWith(bytes.subarray(i + 4), [0x49, 0x45, 0x4e, 0x44]);
    i += 12 + wordAt(bytes, i, false);
    if (isEnd) return i > bytes.length;
  }
  return true;
}

/** @param {Uint8Array} bytes @param {readonly number[]} start */
function startsWith(bytes, start) {
  return start.every((value, i) => bytes[i] === value);
}

/** @param {Uint8Array} bytes @param {number} at @param {boolean} littleEndian */
function wordAt({ buffer, byteOffset, byteLength }, at, littleEndian) {
  return new DataView(buffer, byteOffset, byteLength).getUint32(at, littleEndian);
}
