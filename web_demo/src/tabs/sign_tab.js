/** Hand signs in front of the camera: the recognised one stands large over the picture. */
import { GuideCutter } from '../inputs/guide_square.js';
import { isNoneOfThem, SteadyLabel } from '../inputs/steady_label.js';
import { samplesOf } from '../models/bundled_models.js';
import { partOf } from '../views/page_element.js';
import { RecognitionCard } from '../views/recognition_card.js';
import { fillSampleStrip } from '../views/sample_strip.js';
import { PictureSession } from './picture_session.js';
import { bundledModel } from './tab_model.js';

const NAME = 'sign_digits';

/** @param {HTMLElement} panel @param {import('./tab_model.js').OfflineKeeper} keeper @returns {import('./tab.js').Tab} */
export function createSignTab(panel, keeper) {
  const card = new RecognitionCard(panel);
  const model = bundledModel(card, keeper, NAME, {
    tasks: ['image-classification'],
    readyText: () => 'Ready. Start the camera and hold a sign into the square.',
    onReady: () => session?.goOn(),
  });
  const verdict = partOf(panel, 'verdict');
  const steady = new SteadyLabel();
  const guide = new GuideCutter();
  /** @param {string} label */
  const showVerdict = (label) => {
    verdict.textContent = isNoneOfThem(label) ? '' : label;
    verdict.dataset.label = label;
    verdict.hidden = label === '' || isNoneOfThem(label);
  };
  const session = model && new PictureSession(panel, model, {
    facing: 'user',
    frameOf: (video) => guide.cut(video),
    onStart() {
      steady.reset();
      showVerdict('');
    },
    onSeen([best], isLive) {
      showVerdict(isLive ? steady.push(best.label, best.score) : best.label);
    },
  });
  fillSampleStrip(partOf(panel, 'samples'), samplesOf(NAME), 'picture', (file) => session?.lookAt(file));
  model?.load();
  return {
    hide: () => session?.stop(),
    takeFiles: ([photo]) => photo && session?.lookAt(photo),
  };
}
