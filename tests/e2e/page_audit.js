/** What can be checked of a page's accessibility by looking at it from inside. These functions run in the page. */

/**
 * Names, roles, references and structure.
 * @returns {string[]} what is wrong
 */
export function auditStructure() {
  /** @type {string[]} */
  const problems = [];
  /** @param {Element} element */
  const describe = (element) => element.outerHTML.slice(0, 90);
  /** @param {Element} element */
  const isShown = (element) => element.checkVisibility?.() ?? element.getClientRects().length > 0;
  /** @param {Element} element */
  const nameOf = (element) => {
    const labels = /** @type {HTMLInputElement} */ (element).labels ?? [];
    const references = (element.getAttribute('aria-labelledby') ?? '').split(/\s+/).map((id) => document.getElementById(id));
    const texts = [element.getAttribute('aria-label'), ...[...labels, ...references, element].map((source) => source?.textContent)];
    return texts.find((text) => text?.trim());
  };
  if (!document.documentElement.lang) problems.push('the document names no language');
  if (!document.title) problems.push('the document has no title');
  for (const element of document.querySelectorAll('a[href], button, input, progress, section, video, [role]')) {
    const isLandmark = element.matches('section');
    const isLive = element.matches('[role=status], [role=alert]');
    if (isShown(element) && !isLive && !nameOf(element)) problems.push(`${isLandmark ? 'no label' : 'no name'}: ${describe(element)}`);
  }
  for (const image of document.images) if (!image.hasAttribute('alt')) problems.push(`no alt: ${describe(image)}`);
  for (const svg of document.querySelectorAll('svg')) {
    if (!svg.closest('[aria-hidden=true]') && !nameOf(svg)) problems.push(`a drawing is neither named nor hidden: ${describe(svg)}`);
  }
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) problems.push(`the id ${id} stands twice`);
  for (const attribute of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for']) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of (element.getAttribute(attribute) ?? '').split(/\s+/)) {
        if (!document.getElementById(id)) problems.push(`${attribute} names #${id}, which is not there`);
      }
    }
  }
  for (const element of document.querySelectorAll('[tabindex]')) {
    if (Number(element.getAttribute('tabindex')) > 0) problems.push(`tabindex above 0: ${describe(element)}`);
  }
  if (document.querySelectorAll('main').length !== 1) problems.push('there is not exactly one main');
  let level = 0;
  for (const heading of document.querySelectorAll('h1, h2, h3, h4')) {
    if (!isShown(heading)) continue;
    const next = Number(heading.tagName[1]);
    if (next > level + 1) problems.push(`the heading ${describe(heading)} skips a level`);
    level = next;
  }
  // A finger needs 24 px (WCAG 2.2, 2.5.8); links in running text are exempt.
  for (const control of document.querySelectorAll('button, input, summary')) {
    const { width, height } = control.getBoundingClientRect();
    if (isShown(control) && (width < 24 || height < 24)) problems.push(`${Math.round(width)} x ${Math.round(height)} px: ${describe(control)}`);
  }
  return problems;
}

/**
 * Contrast of the text that is shown, over plain backgrounds (WCAG 2, 1.4.3).
 * @returns {string[]} texts below the bar
 */
export function auditContrast() {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 1;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
  /** Any CSS colour over another. @param {string[]} layers from the bottom */
  const mix = (layers) => {
    for (const layer of layers) {
      context.fillStyle = layer;
      context.fillRect(0, 0, 1, 1);
    }
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  /** @param {number[]} rgb */
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => (value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  /** @type {Map<string, string>} */
  const problems = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = /** @type {HTMLElement} */ (node.parentElement);
    const text = node.textContent?.trim();
    const { width, height } = element.getBoundingClientRect();
    if (!text || width < 2 || height < 2 || !(element.checkVisibility?.() ?? true)) continue;
    const style = getComputedStyle(element);
    if (style.visibility === 'hidden' || element.closest('[aria-hidden=true], .visually_hidden, :disabled')) continue;
    const layers = [];
    let hasPicture = false;
    for (let at = /** @type {HTMLElement | null} */ (element); at; at = at.parentElement) {
      const { backgroundColor, backgroundImage } = getComputedStyle(at);
      if (backgroundImage !== 'none') hasPicture = true;
      layers.unshift(backgroundColor);
      if (!/rgba\(.*, 0(\.\d+)?\)|transparent|\/ 0/.test(backgroundColor)) break;
    }
    if (hasPicture) continue;
    const background = mix(['Canvas', ...layers]);
    const ink = mix(['Canvas', ...layers, style.color]);
    const [light, dark] = [luminance(background), luminance(ink)].sort((a, b) => b - a);
    const ratio = (light + 0.05) / (dark + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) problems.set(text, `${ratio.toFixed(2)}: “${text}” (${style.color} on ${background})`);
  }
  return [...problems.values()];
}
