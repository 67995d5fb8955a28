/** Pictures of every kind a page has, on their way to the thread that reads them (picture_reader.js). */
import { MinnowError, messageOf } from './errors.js';

/**
 * @typedef {ImageBitmap | ImageData | Blob | HTMLImageElement | HTMLVideoElement | HTMLCanvasElement
 *   | OffscreenCanvas | VideoFrame} ImageSource
 */

/** Raw RGBA pixels. @typedef {{ data: Uint8ClampedArray, width: number, height: number }} Pixels */

/** What can be sent to a worker. @typedef {ImageBitmap | Blob | Pixels} Picture */

const WHAT_WORKS =
  'give a File or Blob of a JPEG, PNG, WebP, GIF or AVIF picture, an <img>, <video> or <canvas>, an ImageBitmap, ' +
  'ImageData or VideoFrame';

/**
 * In the calling thread: a picture that can be sent away.
 * @param {ImageSource} image
 * @returns {Promise<{ picture: Picture, transfer: Transferable[] }>}
 */
export async function toPicture(image) {
  if (isBlob(image) || isPixels(image)) return { picture: image, transfer: [] };
  checkElement(image);
  try {
    if ('decode' in image) await image.decode();
    const bitmap = await createBitmap(image);
    return { picture: bitmap, transfer: [bitmap] };
  } catch (cause) {
    const name = ('currentSrc' in image && image.currentSrc) || `The ${kindOf(image)}`;
    throw badImage(name, `cannot be read (${messageOf(cause)})`, cause);
  }
}

/** @param {ImageBitmapSource} source */
export async function createBitmap(source) {
  try {
    return await createImageBitmap(source, { imageOrientation: 'from-image', colorSpaceConversion: 'none' });
  } catch (error) {
    // Browsers that do not know an option's value refuse it with a TypeError; their default is near enough.
    if (error instanceof TypeError) return createImageBitmap(source);
    throw error;
  }
}

/** @param {unknown} value @returns {value is Pixels} */
export function isPixels(value) {
  return typeof value === 'object' && value !== null && 'data' in value && 'width' in value;
}

/** @param {unknown} value @returns {value is Blob} */
export function isBlob(value) {
  return kindOf(value) === 'Blob' || kindOf(value) === 'File';
}

const ELEMENTS = ['ImageBitmap', 'HTMLImageElement', 'HTMLVideoElement', 'HTMLCanvasElement', 'OffscreenCanvas', 'VideoFrame'];

/** @param {ImageSource} image @throws {MinnowError} BAD_IMAGE for what is no picture, or none yet */
function checkElement(image) {
  const kind = kindOf(image);
  if (!ELEMENTS.includes(kind)) throw badImage(typeof image === 'string' ? `"${image}"` : `The ${kind}`, 'is no picture');
  if ('readyState' in image && image.readyState < 2) {
    throw badImage('The video', 'has no frame yet: wait for its "loadeddata" event');
  }
  if (/Canvas|Bitmap/.test(kind) && !(/** @type {ImageBitmap} */ (image).width)) {
    throw badImage(`The ${kind}`, 'is empty or closed');
  }
}

/** The class's name, also for objects of another frame. @param {unknown} value @returns {string} */
function kindOf(value) {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** @param {string} name @param {string} problem @param {unknown} [cause] */
export function badImage(name, problem, cause) {
  return new MinnowError('BAD_IMAGE', `${name} ${problem}: ${WHAT_WORKS}`, { file: name, cause });
}
