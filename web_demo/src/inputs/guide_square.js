/** The part of a camera's frame that the guide square on the stage marks. */

/** The stage shows this aspect of a frame, its middle (stage.css: .stage_guided). */
const STAGE_ASPECT = 4 / 3;
/** The square's side as a share of the stage's height (stage.css: .guide). */
const SHARE = 0.86;

/**
 * @param {number} width of the frame
 * @param {number} height
 * @returns {{ x: number, y: number, side: number }} whole pixels of the frame
 */
export function guideSquare(width, height) {
  const shownHeight = Math.min(height, width / STAGE_ASPECT);
  const side = Math.max(1, Math.round(SHARE * shownHeight));
  return { x: Math.round((width - side) / 2), y: Math.round((height - side) / 2), side };
}

/** Cuts the guide square out of a video's frames. */
export class GuideCutter {
  #canvas = document.createElement('canvas');

  /** @param {HTMLVideoElement} video @returns {HTMLCanvasElement} the same one each time */
  cut(video) {
    const { x, y, side } = guideSquare(video.videoWidth, video.videoHeight);
    const canvas = this.#canvas;
    if (canvas.width !== side) canvas.width = canvas.height = side;
    canvas.getContext('2d')?.drawImage(video, x, y, side, side, 0, 0, side, side);
    return canvas;
  }
}
