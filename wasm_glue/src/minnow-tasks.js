/**
 * What the model's side needs for tasks other than the classification of pictures. A script of its own, fetched by
 * minnow-worker.js when a package asks for it, so that most pages never load it.
 */
export { readAudio, readText } from './manifest_inputs.js';
export { checkTask, readDetection, readEmbedding, readSegmentation } from './manifest_tasks.js';
export { SoundAndText } from './sound_and_text.js';
