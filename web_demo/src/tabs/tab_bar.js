/**
 * Tabs as the ARIA Authoring Practices describe them: one stop for the Tab key, arrow keys, Home and End
 * choose at once. A tab is #tab_<name>, its panel #panel_<name>.
 */
import { pageElement } from '../views/page_element.js';

export class TabBar {
  /** @type {HTMLElement[]} */
  #tabs;
  #onSelect;
  #selected = '';

  /** @param {HTMLElement} list @param {(name: string, before: string) => void} onSelect */
  constructor(list, onSelect) {
    this.#tabs = [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll('[role=tab]'))];
    this.#onSelect = onSelect;
    for (const tab of this.#tabs) tab.addEventListener('click', () => this.select(nameOf(tab)));
    list.addEventListener('keydown', (event) => this.#onKey(event));
  }

  get names() {
    return this.#tabs.map(nameOf);
  }

  get selected() {
    return this.#selected;
  }

  /** @param {string} name */
  select(name) {
    const before = this.#selected;
    if (name === before || !this.names.includes(name)) return;
    this.#selected = name;
    for (const tab of this.#tabs) {
      const isSelected = nameOf(tab) === name;
      tab.setAttribute('aria-selected', String(isSelected));
      tab.tabIndex = isSelected ? 0 : -1;
      pageElement(`panel_${nameOf(tab)}`).hidden = !isSelected;
    }
    this.#onSelect(name, before);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const count = this.#tabs.length;
    const at = this.names.indexOf(this.#selected);
    /** @type {Record<string, number>} */
    const targets = { ArrowRight: (at + 1) % count, ArrowLeft: (at + count - 1) % count, Home: 0, End: count - 1 };
    const target = this.#tabs[targets[event.key]];
    if (!target) return;
    event.preventDefault();
    this.select(nameOf(target));
    target.focus();
  }
}

/** @param {HTMLElement} tab */
function nameOf(tab) {
  return tab.id.replace(/^tab_/, '');
}
