/** Pictures in, labelled classes out. */
import { MinnowError } from './errors.js';
import { ModelBase, openModel } from './model_base.js';
import { bandsOf, cropOf, openPicture, toPicture } from './picture.js';

/** @typedef {import('./picture.js').ImageSource} ImageSource */

/** @typedef {{ index: number, label: string, score: number }} Classification label: '' where there is none */

export class ImageClassifier extends ModelBase {
  /**
   * Loads a package whose task is image-classification.
   * @param {import('./types.js').PackageSource} source
   * @param {import('./types.js').CreateOptions} [options]
   * @returns {Promise<ImageClassifier>}
   */
  static async create(source, options = {}) {
    const opened = await openModel(source, options);
    const { name, task } = opened.report.info;
    if (task !== 'image-classification') {
      opened.client.dispose();
      throw new MinnowError('WRONG_TASK', `${name} is no image classifier, its task is "${task}": use Model.create`);
    }
    return new this(opened);
  }

  /**
   * Says what is on a picture: its centred crop, upright, resized to the model's input.
   * @param {ImageSource} image
   * @param {{ top?: number, signal?: AbortSignal }} [options] top: how many classes; default 5
   * @returns {Promise<Classification[]>} most likely first
   */
  async classify(image, { top = 5, signal } = {}) {
    // Frames of a video or a canvas are taken now, not when their turn comes.
    const taken = toPicture(image);
    taken.catch(() => undefined);
    const classified = this._inTurn(signal, async () => {
      const { picture, transfer } = await taken;
      if (this._readsPicturesHere) await this.#readHere(picture);
      else await this._client.readPicture(picture, transfer);
      return this._client.classify(top);
    });
    // A frame whose turn never came would hold its memory until it is collected.
    classified.catch(async () => (await taken).transfer.forEach(close)).catch(() => undefined);
    const { scores } = await classified;
    return scores.map(({ index, score }) => ({ index, label: this.info.labels[index] ?? '', score }));
  }

  /** Reads the pixels in this thread and sends them over. @param {import('./picture.js').Picture} picture */
  async #readHere(picture) {
    const spec = /** @type {import('./types.js').ImageSpec} */ (this.info.inputs[0].image);
    const reader = await openPicture(picture);
    try {
      const part = cropOf(reader.width, reader.height, spec);
      await this._client.beginPicture(part.width, part.height);
      for (const { rgba, rows } of bandsOf(reader, part)) await this._client.pushRows(rgba, rows);
      await this._client.endPicture();
    } finally {
      reader.close();
    }
  }
}

/** @param {Transferable} bitmap */
function close(bitmap) {
  if ('close' in bitmap && typeof bitmap.close === 'function') bitmap.close();
}
