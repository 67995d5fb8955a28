/**
 * Minnow's tasks on sound.
 *
 *     import { AudioClassifier } from 'minnow/audio';
 *     const classifier = await AudioClassifier.create('models/keywords/');
 *     button.onclick = () => classifier.listen({ onResult: ({ classes, isNew }) => isNew && show(classes[0].label), signal });
 */
export { AudioClassifier } from './sound/audio_classifier.js';

/** @typedef {import('./sound/audio_classifier.js').ClassifySoundOptions} ClassifySoundOptions */
/** @typedef {import('./sound/audio_classifier.js').Heard} Heard */
/** @typedef {import('./sound/audio_classifier.js').ListenOptions} ListenOptions */
/** @typedef {import('./sound/audio_classifier.js').StreamOptions} StreamOptions */
/** @typedef {import('./sound/sound.js').Samples} Samples */
/** @typedef {import('./sound/sound.js').SoundSource} SoundSource */
