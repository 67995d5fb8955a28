/** Advice for what goes wrong with pictures, sounds, cameras and microphones. */
import { unknownAdvice } from './unknown_advice.js';

/** @typedef {import('./error_advice.js').Failure} Failure */
/** @typedef {import('./error_advice.js').FailedTask} FailedTask */
/** @typedef {import('./error_advice.js').PlainAdvice} PlainAdvice */

/** @param {Failure} failure @param {FailedTask} failed @returns {PlainAdvice} */
export function lookAdvice(failure, { inputName }) {
  if (failure.code === 'BAD_AUDIO') return wrongSound(inputName);
  if (failure.code === 'TRUNCATED') {
    return {
      kind: 'wrong_image',
      title: 'A part of the picture is missing',
      message: `${inputName ? `“${inputName}”` : 'The file'} ends before the picture does.`,
      steps: ['Copy or download it again.', 'Or choose another picture.'],
      retryLabel: 'Choose another',
    };
  }
  // The browser's own words for "no picture" where it decodes by itself.
  const isWrongImage = ['BAD_IMAGE', 'InvalidStateError', 'EncodingError'].includes(failure.code);
  if (!isWrongImage) return unknownAdvice(failure, 'The recognition failed');
  return {
    kind: 'wrong_image',
    title: 'The browser cannot read this picture',
    message: `${inputName ? `“${inputName}”` : 'The file'} is no picture, or of a kind that this browser does not know.`,
    steps: [
      'Choose a JPEG, PNG or WebP file.',
      'HEIC photos of an iPhone: share or export them as JPEG first.',
    ],
    retryLabel: 'Choose another',
  };
}

/** @param {Failure} failure @returns {PlainAdvice} */
export function cameraAdvice(failure) {
  switch (failure.code) {
    case 'NotAllowedError':
    case 'SecurityError':
      return {
        kind: 'camera_denied',
        title: 'The camera is not allowed',
        message: 'The browser did not let this page use the camera.',
        steps: [
          'Allow the camera for this page: the sign beside the address, or the browser’s settings.',
          'Or choose a photo instead.',
        ],
      };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return {
        kind: 'camera_missing',
        title: 'No camera was found',
        message: 'This device has no camera that the browser can use.',
        steps: ['Connect a camera, or choose a photo instead.'],
      };
    case 'NotReadableError':
    case 'AbortError':
      return {
        kind: 'camera_busy',
        title: 'The camera is busy',
        message: 'Another app or page seems to be using it.',
        steps: ['Close that one, then try again.'],
      };
    default:
      return unknownAdvice(failure, 'The camera could not be started');
  }
}

/** @param {string} [name] of the file @returns {PlainAdvice} */
function wrongSound(name) {
  return {
    kind: 'wrong_sound',
    title: 'The browser cannot read this sound',
    message: `${name ? `“${name}”` : 'The file'} is no sound, or of a kind that this browser does not know.`,
    steps: ['Choose a WAV, MP3 or M4A file.'],
    retryLabel: 'Choose another',
  };
}

/** @param {Failure} failure @returns {PlainAdvice} */
export function microphoneAdvice(failure) {
  if (failure.code === 'MICROPHONE') return deniedOrMissing(failure.cause instanceof DOMException ? failure.cause.name : '');
  if (failure.code === 'UNSUPPORTED_BROWSER') {
    return {
      kind: 'microphone_insecure',
      title: 'This page cannot use the microphone',
      message: 'Browsers give it only to pages that come over https, or from this machine.',
      steps: ['Open the page over https.', 'Or choose a sound file instead.'],
      retryLabel: '',
    };
  }
  return unknownAdvice(failure, 'The microphone could not be started');
}

/** @param {string} name of getUserMedia's error @returns {PlainAdvice} */
function deniedOrMissing(name) {
  if (name === 'NotFoundError') {
    return {
      kind: 'microphone_missing',
      title: 'No microphone was found',
      message: 'This device has no microphone that the browser can use.',
      steps: ['Connect one, or play a sample or a sound file instead.'],
    };
  }
  return {
    kind: 'microphone_denied',
    title: 'The microphone is not allowed',
    message: 'The browser did not let this page use the microphone.',
    steps: [
      'Allow the microphone for this page: the sign beside the address, or the browser’s settings.',
      'Or play a sample or a sound file instead.',
    ],
  };
}
