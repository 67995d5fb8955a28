/**
 * A drawing as strokes, and how it becomes a small picture the way the bitmaps of Quick, Draw! were made: the strokes'
 * bounding box, its aspect kept, fills a square of 256 units; lines are 16 units thick; around it is room for the
 * line and 16 units more on each side. No page here: drawing_pad.js takes the strokes from a pointer.
 */

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {Point[]} Stroke */

const BOX = 256;
const LINE = 16;
const MARGIN = 16;
/** Of the whole picture, in the same units. */
const SIDE = BOX + 2 * MARGIN + LINE;

/**
 * @param {readonly Stroke[]} strokes
 * @param {number} width of the picture in pixels
 * @param {number} height
 * @returns {{ strokes: Stroke[], lineWidth: number }} in pixels of the picture
 */
export function fitStrokes(strokes, width, height) {
  const points = strokes.flat();
  const [left, right] = extremes(points.map(({ x }) => x));
  const [top, bottom] = extremes(points.map(({ y }) => y));
  const unit = Math.min(width, height) / SIDE;
  // A dot has no extent, and stays a dot.
  const scale = (unit * BOX) / Math.max(right - left, bottom - top, 1e-6);
  const isDot = right === left && bottom === top;
  const place = (/** @type {Point} */ { x, y }) => ({
    x: width / 2 + (isDot ? 0 : (x - (left + right) / 2) * scale),
    y: height / 2 + (isDot ? 0 : (y - (top + bottom) / 2) * scale),
  });
  return { strokes: strokes.map((stroke) => stroke.map(place)), lineWidth: LINE * unit };
}

/** @param {readonly number[]} values at least one @returns {[number, number]} */
function extremes(values) {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

/**
 * Draws strokes as smooth lines: through the middles between points, bent towards the points.
 * @param {CanvasRenderingContext2D} context its colour is the caller's
 * @param {readonly Stroke[]} strokes
 * @param {number} lineWidth
 */
export function drawStrokes(context, strokes, lineWidth) {
  context.lineWidth = lineWidth;
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const stroke of strokes) {
    const [first] = stroke;
    const last = stroke[stroke.length - 1];
    context.beginPath();
    context.moveTo(first.x, first.y);
    for (let i = 1; i < stroke.length - 1; i++) {
      const [point, next] = [stroke[i], stroke[i + 1]];
      context.quadraticCurveTo(point.x, point.y, (point.x + next.x) / 2, (point.y + next.y) / 2);
    }
    context.lineTo(last.x, last.y);
    context.stroke();
  }
}

/**
 * @param {HTMLCanvasElement} canvas gets white ink on black, cropped to the drawing
 * @param {readonly Stroke[]} strokes at least one
 */
export function drawAsInput(canvas, strokes) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const { width, height } = canvas;
  context.fillStyle = '#000';
  context.fillRect(0, 0, width, height);
  context.strokeStyle = '#fff';
  const fitted = fitStrokes(strokes, width, height);
  drawStrokes(context, fitted.strokes, fitted.lineWidth);
}
