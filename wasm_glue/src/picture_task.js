/** What the tasks on pictures have in common: how a picture gets to the model, lists of pictures, and films. */
import { ModelBase } from './model_base.js';
import { toPicture } from './picture.js';

/** @typedef {import('./picture.js').ImageSource} ImageSource */
/** @typedef {import('./types.js').PictureSize} PictureSize */

export class PictureTask extends ModelBase {
  /**
   * Reads a picture into the model, and then asks for what is to be known about it.
   * @protected
   * @template {import('./types.js').RunReport} T
   * @param {ImageSource} image
   * @param {AbortSignal | undefined} signal
   * @param {() => Promise<T>} ask
   * @returns {Promise<T & { size: PictureSize }>}
   */
  async _look(image, signal, ask) {
    // Frames of a video or a canvas are taken now, not when their turn comes.
    const taken = toPicture(image);
    taken.catch(() => undefined);
    const done = this._inTurn(signal, async () => {
      const { picture, transfer } = await taken;
      const size = this._readsPicturesHere ? await this.#readHere(picture) : await this._client.readPicture(picture, transfer);
      return { ...(await ask()), size };
    });
    // A frame whose turn never came would hold its memory until it is collected.
    done.catch(async () => (await taken).transfer.forEach(close)).catch(() => undefined);
    return done;
  }

  /** How a picture becomes the input. @protected @returns {import('./types.js').ImageSpec} */
  get _imageSpec() {
    return /** @type {import('./types.js').ImageSpec} */ (this.info.inputs[0].image);
  }

  /**
   * Looks at one frame after the other, leaving out those that come while one is looked at.
   * @protected
   * @template R
   * @param {HTMLVideoElement} video
   * @param {(video: HTMLVideoElement) => Promise<R>} look
   * @param {import('./video_frames.js').WatchOptions<R>} options
   */
  async _watch(video, look, options) {
    const { watchFrames } = await import('./vision.js');
    return watchFrames(video, look, options);
  }

  /** @param {import('./picture.js').Picture} picture */
  async #readHere(picture) {
    const { sendPicture } = await import('./vision.js');
    return sendPicture(picture, this._imageSpec, this._client);
  }
}

/** @param {Transferable} bitmap */
function close(bitmap) {
  if ('close' in bitmap && typeof bitmap.close === 'function') bitmap.close();
}
