/** Puts the page together: the tabs, each made when it is first shown, and what they share. */
import { listenForFiles } from './inputs/incoming_files.js';
import { setUpAbout } from './views/about_dialog.js';
import { OfflineKeeper } from './offline/offline_keeper.js';
import { registerShell } from './offline/offline_shell.js';
import { watchNetwork } from './offline/offline_badge.js';
import { createDrawTab } from './tabs/draw_tab.js';
import { createListenTab } from './tabs/listen_tab.js';
import { createModelTab } from './tabs/model_tab.js';
import { createReadTab } from './tabs/read_tab.js';
import { createSignTab } from './tabs/sign_tab.js';
import { TabBar } from './tabs/tab_bar.js';
import { offerInstall } from './views/install_button.js';
import { setUpStorageDialog } from './views/storage_dialog.js';
import { pageElement } from './views/page_element.js';

/** @typedef {import('./tabs/tab.js').Tab} Tab */

/** @type {Record<string, (panel: HTMLElement, keeper: OfflineKeeper) => Tab>} */
const CREATORS = {
  sign: createSignTab,
  listen: createListenTab,
  read: createReadTab,
  draw: createDrawTab,
  model: createModelTab,
};
const FIRST = 'sign';

const keeper = new OfflineKeeper(registerShell());
/** @type {Map<string, Tab>} */
const tabs = new Map();
const bar = new TabBar(pageElement('tabs'), (name, before) => {
  tabs.get(before)?.hide();
  document.body.dataset.tab = name;
  if (before) history.replaceState(null, '', `#${name}`);
  if (!tabs.has(name)) tabs.set(name, CREATORS[name](pageElement(`panel_${name}`), keeper));
});

/** What the address asks for. */
function askedTab() {
  const hash = location.hash.slice(1);
  if (bar.names.includes(hash)) return hash;
  return new URLSearchParams(location.search).has('model') ? 'model' : FIRST;
}

pageElement('too_old').remove();
pageElement('skip_link').addEventListener('click', (event) => {
  // As a link it would take the tab's name out of the address.
  event.preventDefault();
  /** @type {HTMLElement | null} */ (document.querySelector('.panel:not([hidden]) .results_panel'))?.focus();
});
addEventListener('hashchange', () => bar.select(askedTab()));
// Nobody looks at a hidden page.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) tabs.get(bar.selected)?.hide();
});
listenForFiles((files) => tabs.get(bar.selected)?.takeFiles(files));
setUpAbout();
setUpStorageDialog(() => keeper.giveUp());
offerInstall();
watchNetwork();
bar.select(askedTab());
