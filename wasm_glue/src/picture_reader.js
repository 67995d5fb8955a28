/**
 * The pixels of a picture, a band of rows at a time, so that no full-size copy of a photo is made.
 *
 * Pixels come through a canvas, which keeps colours multiplied with alpha: where a picture is transparent its
 * colours are rounded, and wholly transparent pixels are black.
 */
import { MinnowError, messageOf } from './errors.js';
import { badImage, createBitmap, isBlob, isPixels } from './picture.js';
import { endsEarly } from './picture_end.js';

/** @typedef {import('./picture.js').Picture} Picture */
/** @typedef {import('./picture.js').Pixels} Pixels */

/**
 * A picture ready to be read.
 * @typedef {object} PictureReader
 * @property {number} width
 * @property {number} height
 * @property {(x: number, y: number, width: number, rows: number) => Uint8ClampedArray} read
 * @property {() => void} close
 */

/** @typedef {import('./placement.js').Rectangle} Rectangle */

const BAND_ROWS = 64;
const MAX_BAND_BYTES = 2 ** 20;

/** Whether this thread has a canvas to read pixels with. */
export function canReadPictures() {
  return newContext(1, 1) !== null;
}

/**
 * In the thread that reads: decodes the picture.
 * @param {Picture} picture
 * @returns {Promise<PictureReader>}
 */
export async function openPicture(picture) {
  if (isPixels(picture)) return pixelReader(picture);
  if (!isBlob(picture)) return bitmapReader(picture);
  const { name = 'The picture' } = /** @type {File} */ (picture);
  if (endsEarly(new Uint8Array(await picture.arrayBuffer()))) {
    const message = `${name} (${picture.size} bytes) ends early, a part of the picture is missing: copy or download it again`;
    throw new MinnowError('TRUNCATED', message, { file: name });
  }
  try {
    return bitmapReader(await createBitmap(picture));
  } catch (cause) {
    throw badImage(name, `(${picture.type || 'of unknown type'}, ${picture.size} bytes) is no picture this browser can decode`, cause);
  }
}

/** @param {number} width in pixels @returns {number} rows to read at once */
export function bandRows(width) {
  return Math.max(1, Math.min(BAND_ROWS, Math.floor(MAX_BAND_BYTES / (4 * width))));
}

/**
 * The bands of a picture's part, from the top.
 * @param {PictureReader} reader
 * @param {Rectangle} part
 */
export function* bandsOf(reader, { x, y, width, height }) {
  const step = bandRows(width);
  for (let done = 0; done < height; done += step) {
    const rows = Math.min(step, height - done);
    yield { rgba: reader.read(x, y + done, width, rows), rows };
  }
}

/** @param {Pixels} pixels @returns {PictureReader} */
function pixelReader({ data, width, height }) {
  if (!(data instanceof Uint8ClampedArray || /** @type {unknown} */ (data) instanceof Uint8Array) ||
      !(width > 0 && height > 0) || data.length !== 4 * width * height) {
    throw badImage('The ImageData', 'does not hold width * height * 4 bytes of RGBA');
  }
  return {
    width,
    height,
    read(x, y, partWidth, rows) {
      if (partWidth === width) return data.subarray(4 * y * width, 4 * (y + rows) * width);
      const part = new Uint8ClampedArray(4 * partWidth * rows);
      for (let row = 0; row < rows; row++) {
        const from = 4 * ((y + row) * width + x);
        part.set(data.subarray(from, from + 4 * partWidth), 4 * partWidth * row);
      }
      return part;
    },
    close() {},
  };
}

/** @param {ImageBitmap} bitmap @returns {PictureReader} */
function bitmapReader(bitmap) {
  /** @type {ReturnType<typeof newContext>} */
  let context = null;
  return {
    width: bitmap.width,
    height: bitmap.height,
    read(x, y, width, rows) {
      context ??= newContext(width, rows);
      if (!context) throw badImage('The picture', 'cannot be read: this browser has no 2d canvas here');
      context.drawImage(bitmap, x, y, width, rows, 0, 0, width, rows);
      try {
        return context.getImageData(0, 0, width, rows).data;
      } catch (cause) {
        throw badImage('The picture', `is protected (${messageOf(cause)}); set crossOrigin="anonymous" on the element`, cause);
      }
    },
    close: () => bitmap.close(),
  };
}

/** @param {number} width @param {number} height */
function newContext(width, height) {
  const canvas =
    typeof OffscreenCanvas === 'function'
      ? new OffscreenCanvas(width, height)
      : globalThis.document?.createElement('canvas');
  if (!canvas) return null;
  canvas.width = width;
  canvas.height = height;
  const context = /** @type {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D | null} */ (
    canvas.getContext('2d', { willReadFrequently: true })
  );
  if (!context) return null;
  // Each band replaces the last one, also where it is transparent, and is not scaled.
  context.globalCompositeOperation = 'copy';
  context.imageSmoothingEnabled = false;
  return context;
}
