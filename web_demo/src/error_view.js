/** The error panel: title, message, steps, commands, technical details, and a button to try again. */
import { bringIntoView, focusResults, pageElement } from './page_element.js';

/** @typedef {import('./error_advice.js').Advice} Advice */

const panel = pageElement('error');
const retry = pageElement('retry');
/** @type {(() => void) | null} */
let onRetry = null;

retry.addEventListener('click', () => {
  const action = onRetry;
  hideError();
  focusResults();
  action?.();
});

/**
 * @param {Advice} advice
 * @param {() => void} retryAction
 * @param {{ scroll: boolean }} options `scroll`: somebody waits for an answer, so it must be seen
 */
export function showError(advice, retryAction, { scroll }) {
  onRetry = retryAction;
  panel.dataset.kind = advice.kind;
  panel.dataset.code = advice.code;
  pageElement('error_title').textContent = advice.title;
  pageElement('error_message').textContent = advice.message;
  pageElement('error_steps').replaceChildren(...advice.steps.map((step) => textElement('li', step)));
  pageElement('error_steps').hidden = advice.steps.length === 0;
  pageElement('error_commands').replaceChildren(...advice.commands.map(commandLine));
  pageElement('error_commands').hidden = advice.commands.length === 0;
  /** @type {HTMLDetailsElement} */ (pageElement('error_details')).open = false;
  pageElement('error_code').textContent = advice.details;
  pageElement('retry_text').textContent = advice.retryLabel;
  retry.hidden = advice.retryLabel === '';
  panel.hidden = false;
  if (scroll) bringIntoView(panel);
}

export function hideError() {
  panel.hidden = true;
  onRetry = null;
}

/** @param {string} tag @param {string} text */
function textElement(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

/**
 * A command that breaks between its words only: browsers would break '--labels' after its hyphens.
 * @param {string} command
 */
function commandLine(command) {
  const line = document.createElement('code');
  for (const word of command.split(' ')) line.append(textElement('span', word), ' ');
  return line;
}
