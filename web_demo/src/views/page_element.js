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
 * The element of a part of the page that has this name, as its data-part: tabs have the same parts.
 * @template {Element} [T=HTMLElement]
 * @param {Element} root
 * @param {string} name
 * @returns {T}
 */
export function partOf(root, name) {
  const element = root.querySelector(`[data-part="${name}"]`);
  if (!element) throw new Error(`#${root.id || root.className} has no part ${name}`);
  return /** @type {T} */ (element);
}

/**
 * A copy of what a <template> of index.html has.
 * @param {string} id
 * @returns {HTMLElement} its one element
 */
export function fromTemplate(id) {
  const template = /** @type {HTMLTemplateElement} */ (pageElement(id));
  const copy = /** @type {DocumentFragment} */ (document.importNode(template.content, true));
  return /** @type {HTMLElement} */ (copy.firstElementChild);
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} [text]
 */
export function newElement(tag, className, text = '') {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/**
 * Scrolls as little as is needed to see the element.
 * @param {Element} element
 */
export function bringIntoView(element) {
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  element.scrollIntoView({ block: 'nearest', behavior: isCalm ? 'auto' : 'smooth' });
}
