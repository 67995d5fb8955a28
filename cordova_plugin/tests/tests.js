/** Specs for cordova-plugin-test-framework, whose page is cdvtests/index.html: the plugin and a model inside a real WebView. */
exports.defineAutoTests = function () {
  const FILES = new URL('../minnow-tests/', document.baseURI).href;
  const MODEL = `${FILES}doodles`;

  /** The framework's Jasmine (2.4) waits for `done`, not for promises. @param {() => Promise<void>} spec */
  const settled = (spec) => (/** @type {() => void} */ done) => {
    spec().then(done, (error) => {
      fail(error);
      done();
    });
  };
  const picture = async () => (await fetch(`${FILES}cat.png`)).blob();

  describe('cordova-plugin-minnow', () => {
    it('is there on deviceready', () => {
      expect(typeof window.minnow.ImageClassifier.create).toBe('function');
    });

    it('loads every part of the package from the app', settled(async () => {
      for (const part of /** @type {const} */ (['minnow', 'vision', 'audio', 'text', 'chain'])) {
        expect(Object.keys(await window.minnow.load(part)).length).toBeGreaterThan(0);
      }
    }));

    it('runs on this device', settled(async () => {
      const report = await window.minnow.supported();
      expect(report.ok).toBe(true);
      expect(report.worker).toBe(true);
      expect(report.secureContext).toBe(true);
    }));

    it('recognises a drawing in a worker, and keeps no copy of the model', settled(async () => {
      await window.minnow.storage.clear();
      const classifier = await window.minnow.ImageClassifier.create(MODEL);
      const [best] = await classifier.classify(await picture());
      expect(best.label).toBe('cat');
      expect(best.score).toBeGreaterThan(0.5);
      classifier.dispose();
      expect(await window.minnow.storage.list()).toEqual([]);
    }), 30000);

    it('gives the same scores in the page’s own thread', settled(async () => {
      const results = [];
      for (const worker of [true, false]) {
        const classifier = await window.minnow.ImageClassifier.create(MODEL, { worker });
        results.push(await classifier.classify(await picture()));
        classifier.dispose();
      }
      expect(results[1]).toEqual(results[0]);
    }), 30000);

    it('says which file is missing', settled(async () => {
      const { MinnowError } = await window.minnow.ready();
      const error = await window.minnow.ImageClassifier.create(`${FILES}nothing`).then(() => undefined, (/** @type {any} */ e) => e);
      expect(error instanceof MinnowError).toBe(true);
      expect(error.url).toBe(`${FILES}nothing/manifest.json`);
    }), 60000);

    it('lists the models of the app', settled(async () => {
      for (const { name, url } of await window.minnow.models()) {
        expect(url).toBe(new URL(`../models/${name}/`, document.baseURI).href);
      }
    }));
  });
};
