/** Every error that the demo can meet becomes a title, a message and something to do. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { adviceFor, missingModelAdvice } from '../src/advice/error_advice.js';

const PACKAGE = 'https://models.example/mobilenet/';
const load = /** @type {const} */ ({ task: 'load', packageUrl: PACKAGE, isDefaultPackage: false });
const loadDefault = { ...load, isDefaultPackage: true };
const look = /** @type {const} */ ({ ...load, task: 'look', inputName: 'notes.txt' });
const microphone = /** @type {const} */ ({ ...load, task: 'microphone' });
const camera = /** @type {const} */ ({ ...load, task: 'camera' });

/** @param {string} code @param {object} [fields] what MinnowError carries besides */
const minnowError = (code, fields = {}) => Object.assign(new Error(`message of ${code}`), { code, ...fields });
/** @param {string} name */
const domError = (name) => new DOMException(`message of ${name}`, name);

describe('advice for errors', () => {
  /** @type {[string, unknown, import('../src/advice/error_advice.js').FailedTask, string, RegExp][]} */
  const cases = [
    ['no manifest, default address', minnowError('HTTP', { status: 404, url: `${PACKAGE}manifest.json` }), loadDefault, 'no_model', /packer/],
    ['no manifest, ?model=', minnowError('HTTP', { status: 404, url: `${PACKAGE}manifest.json` }), load, 'no_model_there', /models\.example/],
    ['HTML for the manifest', minnowError('HTTP', { url: `${PACKAGE}manifest.json` }), loadDefault, 'no_model', /packer/],
    ['a missing shard', minnowError('HTTP', { status: 404, url: `${PACKAGE}003-00ff.mnw?v=1` }), load, 'missing_file', /003-00ff\.mnw \(404\)/],
    ['HTML for a shard', minnowError('HTTP', { url: `${PACKAGE}003-00ff.mnw` }), load, 'html_served', /003-00ff\.mnw .*HTML/],
    ['HTML for the wasm', minnowError('HTTP', { url: 'https://page.example/minnow/wasm/minnow-simd128.wasm' }), load, 'engine_missing', /minnow-simd128\.wasm.*HTML/],
    ['a missing wasm', minnowError('HTTP', { status: 404, url: 'https://page.example/minnow-scalar.wasm' }), load, 'engine_missing', /404/],
    ['a refusing server', minnowError('HTTP', { status: 403, url: `${PACKAGE}manifest.json` }), load, 'server_error', /403/],
    ['a server in trouble', minnowError('HTTP', { status: 503, url: `${PACKAGE}000.mnw` }), load, 'server_error', /503/],
    ['a damaged shard', minnowError('INTEGRITY', { file: '000-ab.mnw' }), load, 'damaged_model', /000-ab\.mnw/],
    ['a shard that was not chosen', minnowError('INTEGRITY', { file: '000-ab.mnw' }), { ...load, isFromFiles: true }, 'missing_file', /000-ab\.mnw is not among/],
    ['corrupt contents', minnowError('CORRUPT'), load, 'damaged_model', /package/],
    ['a manifest of something else', minnowError('BAD_MANIFEST', { field: 'format' }), loadDefault, 'bad_manifest', /manifest/],
    ['an unknown operator', minnowError('UNSUPPORTED_OPERATOR'), load, 'unsupported_model', /UNSUPPORTED_OPERATOR/],
    ['no WebAssembly', minnowError('UNSUPPORTED_BROWSER'), load, 'unsupported_browser', /WebAssembly/],
    ['too little memory', minnowError('OUT_OF_MEMORY'), load, 'memory', /OUT_OF_MEMORY/],
    ['a model of another task', minnowError('WRONG_TASK'), load, 'wrong_task', /picture/],
    ['something new', minnowError('SOMETHING_NEW'), load, 'unknown', /SOMETHING_NEW/],
    ['no error object', 'a string', load, 'unknown', /a string/],
    ['no picture', minnowError('BAD_IMAGE'), look, 'wrong_image', /“notes\.txt”/],
    ['a failed run', minnowError('WASM'), look, 'unknown', /WASM/],
    ['a denied camera', domError('NotAllowedError'), camera, 'camera_denied', /browser/],
    ['no camera', domError('NotFoundError'), camera, 'camera_missing', /camera/],
    ['no sound', minnowError('BAD_AUDIO'), look, 'wrong_sound', /“notes\.txt”/],
    ['a denied microphone', minnowError('MICROPHONE', { cause: domError('NotAllowedError') }), microphone, 'microphone_denied', /browser/],
    ['no microphone', minnowError('MICROPHONE', { cause: domError('NotFoundError') }), microphone, 'microphone_missing', /microphone/],
    ['a page over http', minnowError('UNSUPPORTED_BROWSER'), microphone, 'microphone_insecure', /https/],
    ['a missing worklet', minnowError('WORKER'), microphone, 'unknown', /WORKER/],
    ['a busy camera', domError('NotReadableError'), camera, 'camera_busy', /using/],
  ];
  for (const [name, error, failed, kind, message] of cases) {
    test(name, () => {
      const advice = adviceFor(error, failed);
      assert.equal(advice.kind, kind);
      assert.match(advice.message, message);
      assert.ok(advice.title.length > 0);
      assert.ok(advice.steps.length + advice.commands.length > 0, 'nothing to do about it');
      assert.ok(advice.details.startsWith(`${advice.code}: `));
    });
  }

  test('says how to pack a model, and offers no second try where it cannot help', () => {
    const { commands } = adviceFor(minnowError('HTTP', { status: 404, url: `${PACKAGE}manifest.json` }), loadDefault);
    assert.match(commands[0], /^build\/native\/minnow pack model\.tflite -o package/);
    assert.equal(adviceFor(minnowError('UNSUPPORTED_BROWSER'), load).retryLabel, '');
    assert.equal(adviceFor(minnowError('BAD_IMAGE'), look).retryLabel, 'Choose another');
  });

  test('says how to train a model that the page was built without', () => {
    const { commands, kind, retryLabel } = missingModelAdvice('doodles');
    assert.deepEqual([commands[0], kind, retryLabel], ['build/native/minnow train models/doodles', 'no_model', '']);
  });
});
