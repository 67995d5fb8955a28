/** Minnow in a Capacitor app: the npm package, with models that stand in the app. */

/** @type {typeof import('minnow')} */
const { ImageClassifier } = await import(/** @type {string} */ ('./minnow/minnow.js'));
/** @type {typeof import('minnow/text')} */
const { TextClassifier } = await import(/** @type {string} */ ('./minnow/text.js'));

// The app's own files need no copy in IndexedDB.
const options = /** @type {const} */ ({ storage: 'none' });
const signs = ImageClassifier.create('models/sign_digits', options);
const intents = TextClassifier.create('models/intents', options);

/** @param {string} selector @returns {any} */
const element = (selector) => document.querySelector(selector);

/** @param {string} selector of the output @param {Promise<{ label: string, score: number }[]>} recognition best first */
async function show(selector, recognition) {
  try {
    const [best] = await recognition;
    element(selector).value = `${best.label} ${Math.round(100 * best.score)} %`;
  } catch (error) {
    element(selector).value = /** @type {Error} */ (error).message;
  }
}

element('#photo').onchange = () => {
  const [photo] = element('#photo').files;
  if (photo) show('#sign', signs.then((model) => model.classify(photo)));
};
const read = () => show('#topic', intents.then((model) => model.classify(element('#sentence').value)));
element('#sentence').oninput = read;
read();
