/**
 * The app that each bundler builds: a page that recognises a drawing, a sentence and a word. It is written as a user of
 * the package would write it, and knows of no bundler.
 */
import { ImageClassifier } from 'minnow';
import { AudioClassifier } from 'minnow/audio';
import { TextClassifier } from 'minnow/text';

const SENTENCE = 'will it rain in london tomorrow';

/** @param {string} address */
async function fetchBlob(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.blob();
}

/** @param {import('minnow').CreateOptions} options */
async function nameDrawing(options) {
  const classifier = await ImageClassifier.create('models/doodles/', options);
  const [{ label }] = await classifier.classify(await fetchBlob('drawings/cat.png'));
  const { threads, variant } = classifier;
  classifier.dispose();
  return { label, threads, variant };
}

async function nameTopic() {
  const classifier = await TextClassifier.create('models/intents/');
  const [{ label }] = await classifier.classify(SENTENCE);
  classifier.dispose();
  return label;
}

/** The word in a recording, which comes in as from a microphone: through the audio worklet. */
async function hearWord() {
  const classifier = await AudioClassifier.create('models/wake_words/');
  const context = new AudioContext();
  const sound = await context.decodeAudioData(await (await fetchBlob('sounds/computer.wav')).arrayBuffer());
  const player = new AudioBufferSourceNode(context, { buffer: sound, loop: true });
  const microphone = new MediaStreamAudioDestinationNode(context);
  player.connect(microphone);
  player.start();
  const heard = new AbortController();
  let word = '';
  await classifier.listen({
    stream: microphone.stream,
    signal: heard.signal,
    onResult: ({ classes, isNew }) => {
      if (!isNew) return;
      word = classes[0].label;
      heard.abort();
    },
  });
  await context.close();
  classifier.dispose();
  return word;
}

async function recognise() {
  const inWorker = await nameDrawing({ threads: 2 });
  const inPage = await nameDrawing({ worker: false });
  return { inWorker, inPage, topic: await nameTopic(), word: await hearWord() };
}

recognise()
  .then(JSON.stringify, String)
  .then((answers) => document.querySelector('output')?.append(answers));
