/** A canvas to draw on with mouse, pen or finger. */
import { drawStrokes } from './drawing.js';

/** @typedef {import('./drawing.js').Stroke} Stroke */

/** Points nearer than this to the last one add nothing, as a share of the pad. */
const MIN_STEP = 0.004;
/** Of the pad's width. */
const LINE_SHARE = 0.022;

export class DrawingPad {
  #canvas;
  #onChange;
  /** In shares of the pad's width, so that a turned phone keeps its drawing. @type {Stroke[]} */
  #strokes = [];
  /** Of the pointer that draws now; others are ignored. */
  #pointer = -1;

  /** @param {HTMLCanvasElement} canvas @param {() => void} onChange after each piece of line, undo and clear */
  constructor(canvas, onChange) {
    this.#canvas = canvas;
    this.#onChange = onChange;
    canvas.addEventListener('pointerdown', (event) => this.#begin(event));
    canvas.addEventListener('pointermove', (event) => this.#goOn(event));
    for (const type of /** @type {const} */ (['pointerup', 'pointercancel'])) {
      canvas.addEventListener(type, (event) => event.pointerId === this.#pointer && this.#end());
    }
    new ResizeObserver(() => this.#fit()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
  }

  /** @returns {readonly Stroke[]} */
  get strokes() {
    return this.#strokes;
  }

  undo() {
    this.#strokes.pop();
    this.#changed();
  }

  clear() {
    this.#strokes = [];
    this.#changed();
  }

  /** @param {PointerEvent} event */
  #begin(event) {
    if (this.#pointer !== -1 || event.button !== 0) return;
    event.preventDefault();
    this.#pointer = event.pointerId;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#strokes.push([this.#pointOf(event)]);
    this.#changed();
  }

  /** @param {PointerEvent} event */
  #goOn(event) {
    if (event.pointerId !== this.#pointer) return;
    const stroke = this.#strokes[this.#strokes.length - 1];
    // A frame may hide many moves of a quick hand.
    const moves = event.getCoalescedEvents?.() ?? [];
    let hasGrown = false;
    for (const move of moves.length > 0 ? moves : [event]) {
      const point = this.#pointOf(move);
      const last = stroke[stroke.length - 1];
      if (Math.hypot(point.x - last.x, point.y - last.y) < MIN_STEP) continue;
      stroke.push(point);
      hasGrown = true;
    }
    if (hasGrown) this.#changed();
  }

  #end() {
    this.#pointer = -1;
    this.#changed();
  }

  /** @param {PointerEvent} event */
  #pointOf(event) {
    const { left, top, width } = this.#canvas.getBoundingClientRect();
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / width };
  }

  #changed() {
    this.#draw();
    this.#onChange();
  }

  /** As many pixels as the screen has there. */
  #fit() {
    const width = Math.round(this.#canvas.clientWidth * devicePixelRatio);
    const height = Math.round(this.#canvas.clientHeight * devicePixelRatio);
    if (width === 0 || (width === this.#canvas.width && height === this.#canvas.height)) return;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#draw();
  }

  #draw() {
    const context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext('2d'));
    const { width, height } = this.#canvas;
    context.clearRect(0, 0, width, height);
    context.strokeStyle = getComputedStyle(this.#canvas).color;
    const strokes = this.#strokes.map((stroke) => stroke.map(({ x, y }) => ({ x: x * width, y: y * width })));
    drawStrokes(context, strokes, LINE_SHARE * width);
  }
}
