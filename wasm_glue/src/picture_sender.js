/** For browsers whose workers have no canvas: reads a picture in the page's thread and sends its rows over. */
import { bandsOf, openPicture } from './picture_reader.js';
import { placementOf } from './placement.js';

/**
 * @param {import('./picture.js').Picture} picture
 * @param {import('./types.js').ImageSpec} spec
 * @param {import('./model_base.js').ModelClient} client
 * @returns {Promise<import('./types.js').PictureSize>}
 */
export async function sendPicture(picture, spec, client) {
  const reader = await openPicture(picture);
  try {
    const { width, height } = reader;
    await client.beginPicture(width, height);
    const { part } = placementOf(width, height, spec);
    for (const { rgba, rows } of bandsOf(reader, part)) await client.pushRows(rgba, rows);
    await client.endPicture();
    return { width, height };
  } finally {
    reader.close();
  }
}
