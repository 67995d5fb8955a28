/** What tasks_browsers_test.js calls: the package's further tasks as a page uses them, with results that travel as JSON. */

/** @type {typeof import('../../../wasm_glue/src/minnow.js')} */
const { MinnowError } = await import(/** @type {string} */ ('/minnow/minnow.js'));
/** @type {typeof import('../../../wasm_glue/src/vision.js')} */
const { ImageSegmenter, ObjectDetector, upscaleToSource } = await import(/** @type {string} */ ('/minnow/vision.js'));
/** @type {typeof import('../../../wasm_glue/src/audio.js')} */
const { AudioClassifier } = await import(/** @type {string} */ ('/minnow/audio.js'));

/** @param {string} url */
const blobOf = async (url) => (await fetch(url)).blob();

/** @param {string} url */
async function imageOf(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/** @param {Promise<unknown>} promise what it is rejected with */
async function failureOf(promise) {
  try {
    await promise;
    return { code: 'none' };
  } catch (error) {
    const { name, code, message } = /** @type {any} */ (error);
    return { name, code, message, isMinnowError: error instanceof MinnowError };
  }
}

/** A playing video that shows pictures in turns. @param {string[]} urls */
async function videoOf(urls) {
  const images = await Promise.all(urls.map(imageOf));
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  let frame = 0;
  const draw = () => context.drawImage(images[frame++ % images.length], 0, 0, 640, 480);
  draw();
  const timer = setInterval(draw, 15);
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = canvas.captureStream(60);
  await video.play();
  const stop = () => {
    clearInterval(timer);
    video.srcObject = null;
  };
  return { video, stop, frames: () => frame };
}

/**
 * Where the microphone's test stands. isMute: the browser runs no sound at all, because there is no device for it.
 * @type {{ heard: { time: number, label: string, isNew: boolean }[], isMute: boolean, seconds: number, peak: number, ended?: unknown }}
 */
const listening = { heard: [], isMute: false, seconds: 0, peak: 0 };

window.tasksPage = {
  /** Boxes on each photo. @param {string} pkg @param {string[]} urls @param {boolean} worker */
  async detect(pkg, urls, worker) {
    const detector = await ObjectDetector.create(pkg, { worker });
    const results = [];
    for await (const result of detector.detectAll(await Promise.all(urls.map(blobOf)))) results.push(result);
    detector.dispose();
    return results;
  },

  /** @param {string} pkg @param {string} url */
  async segment(pkg, url) {
    const segmenter = await ImageSegmenter.create(pkg);
    const segmentation = await segmenter.segment(await blobOf(url));
    segmenter.dispose();
    const { width, height, classes, labels, source } = segmentation;
    const large = upscaleToSource(segmentation);
    const person = labels.indexOf('person');
    const share = classes.reduce((sum, c) => sum + Number(c === person), 0) / classes.length;
    return { width, height, share, middle: labels[classes[Math.floor(height / 2) * width + width / 2 - 0.5]], source, large: [large.width, large.height, large.classes.length] };
  },

  /** Detects on a film for a while. @param {string} pkg @param {string[]} urls */
  async watch(pkg, urls) {
    const probe = document.createElement('canvas');
    if (!('captureStream' in probe)) return undefined;
    const detector = await ObjectDetector.create(pkg);
    const { video, stop, frames } = await videoOf(urls);
    const controller = new AbortController();
    /** @type {{ time: number, faces: number }[]} */
    const seen = [];
    const onResult = (/** @type {any} */ { detections }, /** @type {{ time: number }} */ { time }) => {
      seen.push({ time, faces: detections.length });
      if (seen.length === 12) controller.abort();
    };
    const timeout = setTimeout(() => controller.abort(), 20000);
    const begun = frames();
    await detector.watch(video, { onResult, signal: controller.signal, maxFps: 10 });
    clearTimeout(timeout);
    const shown = frames() - begun;
    stop();
    detector.dispose();
    return { seen, shown };
  },

  /** One sound as a file, decoded by the browser, and as samples. @param {string} pkg @param {string} url */
  async classifySound(pkg, url) {
    const classifier = await AudioClassifier.create(pkg);
    const file = await blobOf(url);
    const decoded = await new OfflineAudioContext(1, 1, 44100).decodeAudioData(await file.arrayBuffer());
    const results = {
      file: await classifier.classify(file),
      buffer: await classifier.classify(decoded),
      rate: decoded.sampleRate,
      failure: await failureOf(classifier.classify(new File(['no sound'], 'notes.txt'))),
    };
    classifier.dispose();
    return results;
  },

  /**
   * From the next click on the button, listens to the microphone, or to a sound played in the page.
   * @param {string} pkg
   * @param {string} [url] of the sound
   */
  async prepareListening(pkg, url) {
    const classifier = await AudioClassifier.create(pkg);
    const controller = new AbortController();
    Object.assign(listening, { heard: [], isMute: false, seconds: 0, peak: 0, ended: undefined });
    const begin = async () => {
      let stream;
      if (url) {
        const context = new AudioContext();
        const source = context.createBufferSource();
        source.buffer = await context.decodeAudioData(await (await fetch(url)).arrayBuffer());
        source.loop = true;
        const destination = context.createMediaStreamDestination();
        source.connect(destination);
        source.start();
        stream = destination.stream;
      }
      await classifier.listen({
        stream,
        intervalMs: 100,
        smoothing: 0.2,
        threshold: 0.8,
        suppressMs: 300,
        signal: controller.signal,
        onSamples(samples, sampleRate) {
          listening.seconds += samples.length / sampleRate;
          listening.peak = samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), listening.peak);
        },
        onResult({ time, classes: [{ label }], isNew }) {
          listening.heard.push({ time, label, isNew });
          if (listening.heard.length === 60) controller.abort();
        },
      });
    };
    const button = /** @type {HTMLButtonElement} */ (document.querySelector('#listen'));
    button.onclick = async () => {
      const probe = new AudioContext();
      probe.resume();
      setTimeout(() => {
        listening.isMute = probe.state === 'suspended';
        if (listening.isMute) controller.abort();
        probe.close();
      }, 5000);
      listening.ended = await failureOf(begin());
      classifier.dispose();
    };
  },
  listening: () => listening,

  /** @param {string} pkg */
  async wrongWorklet(pkg) {
    const classifier = await AudioClassifier.create(pkg);
    const stream = new MediaStream();
    const failure = await failureOf(classifier.listen({ stream, workletUrl: '/no/such/worklet.js', onResult() {} }));
    classifier.dispose();
    return failure;
  },
};
