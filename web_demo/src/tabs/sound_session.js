/** Sound in, words out: the microphone, or a file at its own pace, the same way for both. */
import { listenForChoice } from '../inputs/incoming_files.js';
import { atItsPace, decodeSound, monoWithSilence, playSound, windowSamples } from '../inputs/sound_file.js';
import { isNoneOfThem } from '../inputs/steady_label.js';
import { HeardLog } from '../views/heard_log.js';
import { partOf } from '../views/page_element.js';
import { SoundView } from '../views/sound_view.js';
import { swapButtons } from '../views/stage_view.js';
import { isAbort } from './tab_model.js';

/** @typedef {import('minnow/audio').Heard} Heard */

/** A word counts as heard from this smoothed score on, and not again for a while. */
const DECISION = { intervalMs: 100, smoothing: 0.5, threshold: 0.6, suppressMs: 1200 };
const TOP = 5;
/** Live bars change no faster than an eye can follow. */
const SHOW_LIVE_EVERY_MS = 100;
/** Silence before and after a file, as shares of the model's window: its words pass through the window as in a room. */
const SILENCE = { before: 0.35, after: 0.5 };

export class SoundSession {
  #panel;
  #model;
  #view;
  #log;
  #fileInput;
  /** Ends what is being heard. @type {AbortController | null} */
  #hearing = null;
  /** The model hears one sound at a time: settles when it is free. @type {Promise<void>} */
  #free = Promise.resolve();
  /** @type {File | null} chosen before the model was there */
  #waiting = null;
  #shownAt = 0;

  /** @param {Element} panel @param {import('./tab_model.js').TabModel} model */
  constructor(panel, model) {
    this.#panel = panel;
    this.#model = model;
    this.#view = new SoundView(panel);
    this.#log = new HeardLog(panel);
    this.#fileInput = /** @type {HTMLInputElement} */ (partOf(panel, 'sound_file'));
    listenForChoice(this.#fileInput, ([sound]) => this.play(sound));
    partOf(panel, 'listen_start').addEventListener('click', () => this.#listen());
    partOf(panel, 'listen_stop').addEventListener('click', () => this.stop());
  }

  /** The model has come. */
  goOn() {
    this.#log.setWords(this.#model.recognizer.info.labels);
    if (this.#waiting) this.play(this.#waiting);
  }

  /** Ends what is being heard: the microphone's sign must go out when nobody listens. */
  stop() {
    this.#hearing?.abort();
  }

  /** @param {File} file */
  async play(file) {
    if (!this.#model.ready) {
      this.#waiting = file;
      return;
    }
    this.#waiting = null;
    await this.#hear(file.name, `Playing ${file.name}`, (signal) => this.#follow(file, signal), {
      task: 'look',
      retry: () => this.#model.reloadThen(() => this.play(file)),
    });
  }

  async #listen() {
    if (!this.#model.ready) return;
    const listenTo = (/** @type {AbortSignal} */ signal) =>
      this.#model.recognizer.ears.listen({
        ...DECISION,
        top: TOP,
        signal,
        onSamples: (samples, rate) => this.#view.push(samples, rate),
        onResult: (heard) => this.#show(heard, 'microphone'),
      });
    await this.#hear('microphone', 'Listening', listenTo, { task: 'microphone', retry: () => this.#listen() });
  }

  /**
   * @param {string} source
   * @param {string} statusText
   * @param {(signal: AbortSignal) => Promise<unknown>} hear
   * @param {{ task: 'look' | 'microphone', retry: () => void }} onFailure
   */
  async #hear(source, statusText, hear, { task, retry }) {
    const { card } = this.#model;
    this.stop();
    const hearing = new AbortController();
    this.#hearing = hearing;
    const before = this.#free;
    let release = () => {};
    this.#free = new Promise((resolve) => (release = resolve));
    await before;
    if (hearing.signal.aborted) {
      // Stopped meanwhile, or something newer has come.
      release();
      if (this.#hearing === hearing) this.#setRunning(false);
      return;
    }
    card.error.hide();
    card.results.markStale();
    card.status.set('live', statusText);
    this.#view.clear();
    this.#log.clear();
    this.#setRunning(true);
    try {
      await hear(hearing.signal);
    } catch (error) {
      if (this.#hearing === hearing && !isAbort(error)) {
        this.#setRunning(false);
        this.#model.fail(error, task, retry, { inputName: source, chooseAnother: () => this.#fileInput.click() });
        return;
      }
    } finally {
      hearing.abort();
      release();
    }
    if (this.#hearing !== hearing) return;
    this.#setRunning(false);
    if (this.#model.ready) card.status.set('done', task === 'look' ? `In ${source}:` : 'Last heard:');
  }

  /** @param {File} file @param {AbortSignal} signal */
  async #follow(file, signal) {
    const { ears } = this.#model.recognizer;
    const spec = /** @type {NonNullable<import('minnow').TensorSpec['audio']>} */ (ears.info.inputs[0].audio);
    const { sampleRate } = spec;
    const buffer = await decodeSound(file, sampleRate);
    const window = windowSamples(spec);
    const before = Math.round(SILENCE.before * window);
    // All of a clip that is shorter than the window, too.
    const after = Math.round(SILENCE.after * window) + Math.max(0, window - buffer.length);
    const samples = monoWithSilence(buffer, before, after);
    if (signal.aborted) return;
    playSound(buffer, before / sampleRate, signal);
    const view = this.#view;
    async function* seen() {
      for await (const chunk of atItsPace(samples, sampleRate, signal)) {
        view.push(chunk, sampleRate);
        yield chunk;
      }
    }
    /** The moment at which a word was clearest: what the bars show in the end. @type {Heard | null} */
    let clearest = null;
    for await (const heard of ears.stream(seen(), { ...DECISION, sampleRate, top: TOP, signal })) {
      this.#show(heard, file.name);
      if (!clearest || clarity(heard) > clarity(clearest)) clearest = heard;
    }
    if (clearest) this.#model.card.show(clearest.classes, ears.timing.runMs, { source: file.name });
  }

  /** @param {Heard} heard @param {string} source */
  #show({ time, classes, isNew }, source) {
    const { card, recognizer } = this.#model;
    const { runMs } = recognizer.ears.timing;
    card.latency.push(runMs);
    if (isNew) this.#log.add(classes[0].label, classes[0].score, time);
    if (performance.now() - this.#shownAt < SHOW_LIVE_EVERY_MS) return;
    this.#shownAt = performance.now();
    card.show(classes, runMs, { live: true, source });
  }

  /** @param {boolean} running */
  #setRunning(running) {
    swapButtons(partOf(this.#panel, 'listen_start'), partOf(this.#panel, 'listen_stop'), running);
    partOf(this.#panel, 'sound_stage').dataset.running = String(running);
  }
}

/** @param {Heard} heard */
function clarity({ classes: [best] }) {
  return isNoneOfThem(best.label) ? best.score - 1 : best.score;
}
