/** Any package: the default one, one by ?model= or its address, or one from files. It is used as its task says. */
import { listenForChoice } from '../inputs/incoming_files.js';
import { packageOf } from '../inputs/package_files.js';
import { deleteModel } from '../offline/stored_model.js';
import { fromTemplate, pageElement, partOf } from '../views/page_element.js';
import { RecognitionCard } from '../views/recognition_card.js';
import { PictureSession } from './picture_session.js';
import { SoundSession } from './sound_session.js';
import { TabModel } from './tab_model.js';
import { TextSession } from './text_session.js';

const DEFAULT_PACKAGE = './models/default/';
const SAMPLE = 'art/sample_balloon.webp';

/** @type {Record<string, string>} */
const READY_TEXTS = {
  'image-classification': 'Ready. Choose a photo to see its five most likely classes.',
  'audio-classification': 'Ready. Listen, or choose a sound file.',
  'text-classification': 'Ready. Type a sentence.',
};

/** @param {HTMLElement} panel @param {import('./tab_model.js').OfflineKeeper} keeper @returns {import('./tab.js').Tab} */
export function createModelTab(panel, keeper) {
  const tab = new ModelTab(panel, keeper);
  return { hide: () => tab.stop(), takeFiles: (files) => tab.takeFiles(files) };
}

class ModelTab {
  #panel;
  #card;
  #model;
  #pictures;
  #sounds;
  #texts;

  /** @param {HTMLElement} panel @param {import('./tab_model.js').OfflineKeeper} keeper */
  constructor(panel, keeper) {
    this.#panel = panel;
    partOf(panel, 'sound_input').append(fromTemplate('sound_template'));
    partOf(panel, 'text_input').append(fromTemplate('text_template'));
    this.#card = new RecognitionCard(panel);
    const asked = new URLSearchParams(location.search).get('model');
    const source = { url: asked || DEFAULT_PACKAGE, isDefault: !asked };
    this.#model = new TabModel(this.#card, keeper, source, {
      tasks: ['image-classification', 'audio-classification', 'text-classification'],
      readyText: ({ recognizer }) => READY_TEXTS[recognizer.task],
      onReady: () => this.#begin(),
      onKept: (isKept) => (pageElement('delete_model').hidden = !isKept),
    });
    this.#pictures = new PictureSession(panel, this.#model, { facing: 'environment' });
    this.#sounds = new SoundSession(panel, this.#model);
    this.#texts = new TextSession(panel, () => (this.#task === 'text-classification' ? this.#model : null));
    nameParts(panel);
    this.#listen();
    this.#model.load();
  }

  get #task() {
    return this.#model.ready ? this.#model.recognizer.task : 'image-classification';
  }

  /** A package, or something for the model to look at. @param {File[]} files */
  async takeFiles(files) {
    const fromFiles = await packageOf(files);
    if (fromFiles) this.#use({ url: folderOf(fromFiles), files: fromFiles });
    else if (files.length === 0) this.#card.status.set('ready', 'That was no file. Drop a photo.');
    else if (this.#task === 'audio-classification') this.#sounds.play(files[0]);
    else if (this.#task === 'text-classification') this.#texts.text = (await files[0].slice(0, 4096).text()).split('\n')[0];
    else this.#pictures.lookAt(files[0]);
  }

  stop() {
    this.#pictures.stop();
    this.#sounds.stop();
  }

  /** The model has come: shows the input that its task takes. */
  #begin() {
    const task = this.#task;
    partOf(this.#panel, 'picture_input').hidden = task !== 'image-classification';
    partOf(this.#panel, 'sound_input').hidden = task !== 'audio-classification';
    partOf(this.#panel, 'text_input').hidden = task !== 'text-classification';
    if (task === 'image-classification') this.#pictures.goOn();
    if (task === 'audio-classification') this.#sounds.goOn();
    if (task === 'text-classification') this.#texts.goOn();
  }

  /** @param {import('./tab_model.js').Source} source */
  #use(source) {
    this.stop();
    this.#pictures.clear();
    this.#card.results.clear();
    pageElement('delete_model').hidden = true;
    this.#model.source = source;
    this.#model.load();
  }

  #listen() {
    const panel = this.#panel;
    partOf(panel, 'sample').addEventListener('click', async () => {
      const drawing = await (await fetch(SAMPLE)).blob();
      this.#pictures.lookAt(new File([drawing], 'our drawing', { type: drawing.type }));
      this.#card.focus();
    });
    listenForChoice(/** @type {HTMLInputElement} */ (partOf(panel, 'package_files')), (files) => this.#openFiles(files));
    const address = /** @type {HTMLInputElement} */ (partOf(panel, 'package_url'));
    const open = () => address.value.trim() && this.#use({ url: address.value.trim() });
    partOf(panel, 'package_open').addEventListener('click', open);
    address.addEventListener('keydown', (event) => event.key === 'Enter' && open());
    pageElement('delete_model').addEventListener('click', async () => {
      await deleteModel(this.#model.source.url);
      location.reload();
    });
  }

  /** @param {File[]} files */
  async #openFiles(files) {
    if (await packageOf(files)) this.takeFiles(files);
    else this.#card.status.set(this.#model.ready ? 'ready' : 'failed', 'No manifest.json is among the files: choose all files of the package.');
  }
}

/** The parts of this panel are also known by ids of the same names. @param {Element} panel */
function nameParts(panel) {
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (panel.querySelectorAll('[data-part]'))) part.id ||= part.dataset.part ?? '';
}

/** What to call a package from files. @param {import('minnow').MemoryPackage} source */
function folderOf({ manifest }) {
  return /"name":\s*"([^"]*)"/.exec(String(manifest))?.[1] ?? 'the chosen files';
}
