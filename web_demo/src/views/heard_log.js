/** The words of a sound: a chip for each, which lights up when its word is heard, and a list of what was heard when. */
import { isNoneOfThem } from '../inputs/steady_label.js';
import { formatClock, formatShare } from './format_figures.js';
import { newElement, partOf } from './page_element.js';

const LIT_MS = 1400;
const REMEMBERED = 30;

export class HeardLog {
  #chips;
  #list;
  #none;
  /** @type {Map<string, { chip: HTMLElement, timer: number }>} */
  #byLabel = new Map();

  /** @param {Element} root with the parts words, heard and heard_none */
  constructor(root) {
    this.#chips = partOf(root, 'words');
    this.#list = partOf(root, 'heard');
    this.#none = partOf(root, 'heard_none');
  }

  /** @param {readonly string[]} labels of the model; the one for everything else is no word */
  setWords(labels) {
    const chips = labels.filter((label) => label && !isNoneOfThem(label)).map((label) => ({ label, chip: newElement('li', 'word', label) }));
    this.#byLabel = new Map(chips.map(({ label, chip }) => [label, { chip, timer: 0 }]));
    this.#chips.replaceChildren(...chips.map(({ chip }) => chip));
  }

  /** @param {string} label @param {number} score @param {number} seconds since the sound began */
  add(label, score, seconds) {
    if (isNoneOfThem(label)) return;
    this.#light(label);
    const row = newElement('li', 'heard_row');
    row.dataset.label = label;
    row.append(
      newElement('span', 'heard_time figures', formatClock(seconds)),
      newElement('span', 'heard_word', label),
      newElement('span', 'heard_score figures', formatShare(score)),
    );
    this.#list.prepend(row);
    while (this.#list.children.length > REMEMBERED) this.#list.lastElementChild?.remove();
    this.#none.hidden = true;
  }

  clear() {
    this.#list.replaceChildren();
    this.#none.hidden = false;
  }

  /** @param {string} label */
  #light(label) {
    const word = this.#byLabel.get(label);
    if (!word) return;
    clearTimeout(word.timer);
    word.chip.classList.add('is_lit');
    word.timer = window.setTimeout(() => word.chip.classList.remove('is_lit'), LIT_MS);
  }
}
