/** Words in what the microphone hears. */
import { samplesOf } from '../models/bundled_models.js';
import { fromTemplate, partOf } from '../views/page_element.js';
import { RecognitionCard } from '../views/recognition_card.js';
import { fillSampleStrip } from '../views/sample_strip.js';
import { SoundSession } from './sound_session.js';
import { bundledModel } from './tab_model.js';

const NAME = 'wake_words';

/** @param {HTMLElement} panel @param {import('./tab_model.js').OfflineKeeper} keeper @returns {import('./tab.js').Tab} */
export function createListenTab(panel, keeper) {
  partOf(panel, 'input').replaceWith(fromTemplate('sound_template'));
  const card = new RecognitionCard(panel);
  const model = bundledModel(card, keeper, NAME, {
    tasks: ['audio-classification'],
    readyText: () => 'Ready. Listen, and say one of the words.',
    onReady: () => session?.goOn(),
  });
  const session = model && new SoundSession(panel, model);
  fillSampleStrip(partOf(panel, 'samples'), samplesOf(NAME), 'sound', (file) => session?.play(file));
  model?.load();
  return {
    hide: () => session?.stop(),
    takeFiles: ([sound]) => sound && session?.play(sound),
  };
}
