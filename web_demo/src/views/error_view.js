/** The error panel: title, message, steps, commands, technical details, and a button to try again. */
import { bringIntoView, newElement, partOf } from './page_element.js';

/** @typedef {import('../advice/error_advice.js').Advice} Advice */

export class ErrorView {
  #root;
  #panel;
  #retry;
  /** @type {(() => void) | null} */
  #onRetry = null;

  /** @param {HTMLElement} root of the card; it gets the focus when the button goes away */
  constructor(root) {
    this.#root = root;
    this.#panel = partOf(root, 'error');
    this.#retry = partOf(root, 'retry');
    this.#retry.addEventListener('click', () => {
      const action = this.#onRetry;
      this.hide();
      root.focus({ preventScroll: true });
      action?.();
    });
  }

  /**
   * @param {Advice} advice
   * @param {() => void} retryAction
   * @param {{ scroll: boolean }} options `scroll`: somebody waits for an answer, so it must be seen
   */
  show(advice, retryAction, { scroll }) {
    this.#onRetry = retryAction;
    this.#panel.dataset.kind = advice.kind;
    this.#panel.dataset.code = advice.code;
    this.#part('error_title').textContent = advice.title;
    this.#part('error_message').textContent = advice.message;
    this.#part('error_steps').replaceChildren(...advice.steps.map((step) => newElement('li', '', step)));
    this.#part('error_steps').hidden = advice.steps.length === 0;
    this.#part('error_commands').replaceChildren(...advice.commands.map(commandLine));
    this.#part('error_commands').hidden = advice.commands.length === 0;
    const details = /** @type {HTMLDetailsElement} */ (this.#part('error_details'));
    details.open = false;
    details.hidden = advice.details === '';
    this.#part('error_code').textContent = advice.details;
    this.#part('retry_text').textContent = advice.retryLabel;
    this.#retry.hidden = advice.retryLabel === '';
    this.#panel.hidden = false;
    if (scroll) bringIntoView(this.#panel);
  }

  hide() {
    this.#panel.hidden = true;
    this.#onRetry = null;
  }

  /** @param {string} name */
  #part(name) {
    return partOf(this.#root, name);
  }
}

/**
 * A command that breaks between its words only: browsers would break '--labels' after its hyphens.
 * @param {string} command
 */
function commandLine(command) {
  const line = document.createElement('code');
  for (const word of command.split(' ')) line.append(newElement('span', '', word), ' ');
  return line;
}
