/**
 * The element of index.html with this id.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function pageElement(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element #${id}`);
  return /** @type {T} */ (element);
}

/**
 * Scrolls as little as is needed to see the element.
 * @param {Element} element
 */
export function bringIntoView(element) {
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  element.scrollIntoView({ block: 'nearest', behavior: isCalm ? 'auto' : 'smooth' });
}

/** For a button that goes away when it is used: the keyboard goes on at the results, not at the page's top. */
export function focusResults() {
  pageElement('results_panel').focus({ preventScroll: true });
}
