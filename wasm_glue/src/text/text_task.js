/** What the tasks on texts have in common: how a text gets to the model. */
import { MinnowError, ModelBase } from '../minnow.js';

export class TextTask extends ModelBase {
  /**
   * Writes a text into the model, and then asks for what is to be known about it.
   * @protected
   * @template {import('../base/types.js').RunReport} T
   * @param {string} text
   * @param {AbortSignal | undefined} signal
   * @param {() => Promise<T>} ask
   * @returns {Promise<T & { tokens: number }>} tokens: of the text, as many as the model takes
   */
  async _read(text, signal, ask) {
    if (typeof text !== 'string') throw new MinnowError('INVALID_ARGUMENT', `text must be a string, and is a ${typeof text}`);
    return this._inTurn(signal, async () => {
      const tokens = await this._client.readText(text);
      return { ...(await ask()), tokens };
    });
  }
}
