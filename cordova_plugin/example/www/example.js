/** Minnow in a Cordova app: three models of the app, each loaded when it is first used and kept until the app ends. */

/** @param {string} selector @returns {any} */
const element = (selector) => document.querySelector(selector);

/** @param {{ label: string, score: number }[]} classes best first */
const inWords = ([best]) => `${best.label} ${Math.round(100 * best.score)} %`;

/**
 * Shows what `recognise` finds, and only the latest of several answers.
 * @param {string} selector of the output
 * @returns {(recognise: () => Promise<{ label: string, score: number }[]>) => Promise<void>}
 */
function shownIn(selector) {
  let latest = 0;
  return async (recognise) => {
    const turn = ++latest;
    let text;
    try {
      text = inWords(await recognise());
    } catch (error) {
      text = /** @type {Error} */ (error).message;
    }
    if (turn === latest) element(selector).value = text;
  };
}

/** @template T @param {() => Promise<T>} create @returns {() => Promise<T>} that calls it once, unless it failed */
function once(create) {
  /** @type {Promise<T> | undefined} */
  let made;
  return () => (made ??= create().catch((error) => {
    made = undefined;
    throw error;
  }));
}

function startDrawing() {
  const canvas = element('#drawing');
  const pen = canvas.getContext('2d');
  const doodles = once(() => window.minnow.ImageClassifier.create('models/doodles'));
  const show = shownIn('#drawn');
  const clear = () => {
    pen.fillStyle = '#000'; // the model was trained on white ink
    pen.fillRect(0, 0, canvas.width, canvas.height);
    element('#drawn').value = '';
  };
  clear();
  pen.strokeStyle = '#fff';
  pen.lineWidth = 14;
  pen.lineCap = pen.lineJoin = 'round';
  canvas.onpointerdown = (/** @type {PointerEvent} */ { offsetX, offsetY }) => {
    pen.beginPath();
    pen.moveTo(offsetX, offsetY);
  };
  canvas.onpointermove = (/** @type {PointerEvent} */ { offsetX, offsetY, buttons }) => {
    if (!buttons) return;
    pen.lineTo(offsetX, offsetY);
    pen.stroke();
  };
  canvas.onpointerup = () => show(async () => (await doodles()).classify(canvas));
  element('#clear').onclick = clear;
}

function startPhotos() {
  const signs = once(() => window.minnow.ImageClassifier.create('models/sign_digits'));
  const show = shownIn('#sign');
  element('#photo').onchange = (/** @type {Event} */ event) => {
    const [photo] = /** @type {HTMLInputElement} */ (event.target).files ?? [];
    if (photo) show(async () => (await signs()).classify(photo));
  };
}

function startReading() {
  const intents = once(() => window.minnow.TextClassifier.create('models/intents'));
  const show = shownIn('#topic');
  const field = element('#sentence');
  field.oninput = () => show(async () => (await intents()).classify(field.value));
  field.oninput();
}

document.addEventListener('deviceready', async () => {
  try {
    const models = await window.minnow.models();
    const bytes = models.reduce((sum, model) => sum + model.bytes, 0);
    element('#status').textContent = `${models.length} models in the app, ${Math.round(bytes / 1000)} kB`;
    startDrawing();
    startPhotos();
    startReading();
  } catch (error) {
    element('#status').textContent = /** @type {Error} */ (error).message;
  }
});
