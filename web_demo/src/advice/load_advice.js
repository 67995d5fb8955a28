/** Advice for what goes wrong while a model loads. */
import { unknownAdvice } from './unknown_advice.js';

/** @typedef {import('./error_advice.js').Failure} Failure */
/** @typedef {import('./error_advice.js').FailedTask} FailedTask */
/** @typedef {import('./error_advice.js').PlainAdvice} PlainAdvice */

const PACK_COMMANDS = [
  'build/native/minnow pack model.tflite -o package --labels labels.txt',
  'npm run demo -- package',
];
const REPACK = 'Pack the model again with this version of Minnow and upload the whole folder.';

/** @param {Failure} failure @param {FailedTask} failed @returns {PlainAdvice} */
export function loadAdvice(failure, failed) {
  switch (failure.code) {
    case 'HTTP':
      return httpAdvice(failure, failed);
    case 'INVALID_ARGUMENT':
      return noPackageAdvice(failed, `“${failed.packageUrl}” is no address.`);
    case 'BAD_MANIFEST':
      return {
        kind: 'bad_manifest',
        title: 'The package cannot be read',
        message: 'Its manifest.json is damaged, or it is the manifest of something else.',
        steps: [REPACK],
        commands: PACK_COMMANDS,
      };
    case 'NETWORK':
      return networkAdvice(failed);
    case 'INTEGRITY':
      return failed.isFromFiles && failure.url === undefined ? incompleteFilesAdvice(failure) : damagedAdvice(failure);
    case 'TRUNCATED':
    case 'CORRUPT':
    case 'NOT_A_PACKAGE':
      return damagedAdvice(failure);
    case 'WASM':
    case 'WORKER':
      return engineAdvice(failure);
    case 'UNSUPPORTED_BROWSER':
      return {
        kind: 'unsupported_browser',
        title: 'This browser is too old',
        message: 'Minnow needs WebAssembly and a few other things that this browser lacks.',
        steps: ['Use Chrome 91, Firefox 89, Safari 16.4 or newer.'],
        retryLabel: '',
      };
    case 'OUT_OF_MEMORY':
    case 'LIMIT_EXCEEDED':
      return {
        kind: 'memory',
        title: 'The model needs more memory than there is',
        message: failure.message,
        steps: ['Close other tabs and apps, then try again.', 'Or pack a smaller model.'],
      };
    case 'WRONG_TASK':
      return {
        kind: 'wrong_task',
        title: 'This page cannot show what the model does',
        message: 'The page shows models that name what is in a picture, a sound or a text: one row of class scores.',
        steps: ['Pack a classifier, MobileNet for example.'],
        commands: PACK_COMMANDS,
      };
    case 'UNSUPPORTED_VERSION':
    case 'UNSUPPORTED_OPERATOR':
    case 'INVALID_GRAPH':
      return {
        kind: 'unsupported_model',
        title: 'This page cannot run the model',
        message: failure.message,
        steps: [REPACK],
        commands: PACK_COMMANDS,
      };
    default:
      return unknownAdvice(failure, 'The model could not be loaded');
  }
}

/** @param {Failure} failure @returns {PlainAdvice} */
function damagedAdvice(failure) {
  return {
    kind: 'damaged_model',
    title: 'The model arrived damaged',
    message: `${nameOf(failure)} is not what the package says it should be, so it was not used.`,
    steps: ['Try again: a download may have been cut short.', `If it stays: ${lowerFirst(REPACK)}`],
  };
}

/** @param {Failure} failure @returns {PlainAdvice} */
function incompleteFilesAdvice(failure) {
  return {
    kind: 'missing_file',
    title: 'A part of the package is missing',
    message: `${nameOf(failure)} is not among the chosen files, or is not the one that manifest.json names.`,
    steps: ['Choose all files of the package at once, or drop its folder onto the page.'],
    retryLabel: '',
  };
}

/** @param {Failure} failure @param {FailedTask} failed @returns {PlainAdvice} */
function httpAdvice(failure, failed) {
  // Without a status the server sent a web page where a file should be.
  const { status } = failure;
  const isMissing = status === 404 || status === 410;
  const name = nameOf(failure);
  if (name.endsWith('.wasm')) return engineAdvice(failure);
  if (name.endsWith('.json') && (isMissing || !status)) {
    return noPackageAdvice(failed, `The server has no ${failure.url}.`);
  }
  if (!status) {
    return {
      kind: 'html_served',
      title: 'The server sent a web page instead of the model',
      message: `${name} came back as HTML.`,
      steps: [
        'Upload the package’s whole folder, every shard beside its manifest.json.',
        'Let the server answer 404 for files it does not have, not with a fallback page.',
      ],
    };
  }
  if (isMissing) {
    return {
      kind: 'missing_file',
      title: 'A part of the model is missing',
      message: `The server has no ${name} (${status}).`,
      steps: [
        'Upload the package’s whole folder, every shard beside its manifest.json.',
        'If you packed it again, upload all of it: shards change their names with their content.',
      ],
    };
  }
  return {
    kind: 'server_error',
    title: 'The server did not hand out the model',
    message: `It answered the request for ${name} with status ${status}.`,
    steps: [status >= 500 ? 'Wait a moment, then try again.' : 'Check that the folder may be read by everyone.'],
  };
}

/** @param {Failure} failure @returns {PlainAdvice} */
function engineAdvice(failure) {
  const { code, status } = failure;
  const answer = status ? `answered with status ${status}` : 'sent a web page (HTML)';
  return {
    kind: 'engine_missing',
    title: 'The engine could not be started',
    message: code === 'HTTP' ? `Asked for ${nameOf(failure)}, the server ${answer}.` : failure.message,
    steps: [
      'Upload the folder web_demo/dist as it is, with its minnow folder.',
      'Let the server answer with the files themselves, not with a fallback page; .wasm is application/wasm.',
    ],
  };
}

/** @param {FailedTask} failed @param {string} found @returns {PlainAdvice} */
function noPackageAdvice({ isDefaultPackage }, found) {
  if (isDefaultPackage) {
    return {
      kind: 'no_model',
      title: 'No model here yet',
      message:
        'The page itself works; it only has no model to recognise things with. A model is a folder, ' +
        'a package, that Minnow’s packer writes from a .tflite file:',
      steps: [],
      commands: PACK_COMMANDS,
    };
  }
  return {
    kind: 'no_model_there',
    title: 'There is no model at that address',
    message: found,
    steps: ['?model= takes the address of a folder that Minnow’s packer wrote:'],
    commands: PACK_COMMANDS,
  };
}

/** @param {FailedTask} failed @returns {PlainAdvice} */
function networkAdvice({ packageUrl }) {
  const steps = ['Check the connection, then try again. After one visit the page works without.'];
  const { origin, host } = new URL(packageUrl, location.href);
  if (origin !== location.origin) {
    steps.push(`${host} must allow this page to read its files: Access-Control-Allow-Origin (CORS).`);
  }
  return {
    kind: 'network',
    title: navigator.onLine ? 'The model could not be reached' : 'There is no network',
    message: `Nothing answered at ${packageUrl}, and no copy is kept on this device yet.`,
    steps,
  };
}

/** @param {Failure} failure @returns {string} the file it is about, for people */
function nameOf({ file, url }) {
  return file ?? url?.replace(/[?#].*$/, '').split('/').pop() ?? 'A file';
}

/** @param {string} text */
function lowerFirst(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
