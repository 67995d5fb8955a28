/**
 * What the model's side needs for tasks other than the classification of pictures, and for profiles. A script of its
 * own, fetched by minnow-worker.js when it is asked for, so that most pages never load it.
 */
export { readAudio, readText } from './manifest/manifest_inputs.js';
export { checkTask, readDetection, readEmbedding, readSegmentation } from './manifest/manifest_tasks.js';
export { profileEngine } from './worker/profile.js';
export { SoundAndText } from './sound/sound_and_text.js';
