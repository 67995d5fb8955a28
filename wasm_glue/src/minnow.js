/**
 * Minnow: neural-network recognition inside web pages.
 *
 *     const classifier = await ImageClassifier.create('models/mobilenet/');
 *     const [best] = await classifier.classify(file);
 *     classifier.dispose();
 */
export { MinnowError } from './errors.js';
export { supported } from './features.js';
export { ImageClassifier } from './image_classifier.js';
export { MemoryStorage } from './memory_storage.js';
export { Model } from './model.js';
export { storage } from './storage.js';

// What minnow/vision, minnow/audio and minnow/text are made of. They import it from here, so that a page that has
// several of them has it once.
export { abortable, throwIfAborted } from './abort.js';
export { tell } from './callbacks.js';
export { inOrder } from './in_order.js';
export { ModelBase, openTask } from './model_base.js';
export { PictureTask } from './picture_task.js';
export { absoluteUrl } from './source.js';

/** @typedef {import('./errors.js').MinnowErrorCode} MinnowErrorCode */
/** @typedef {import('./features.js').SupportReport} SupportReport */
/** @typedef {import('./image_classifier.js').Classification} Classification */
/** @typedef {import('./picture.js').ImageSource} ImageSource */
/** @typedef {import('./types.js').CachedPackage} CachedPackage */
/** @typedef {import('./types.js').CreateOptions} CreateOptions */
/** @typedef {import('./types.js').MemoryPackage} MemoryPackage */
/** @typedef {import('./types.js').MemoryReport} MemoryReport */
/** @typedef {import('./types.js').ModelInfo} ModelInfo */
/** @typedef {import('./types.js').OperatorProfile} OperatorProfile */
/** @typedef {import('./types.js').OutputTensor} OutputTensor */
/** @typedef {import('./types.js').PackageSource} PackageSource */
/** @typedef {import('./types.js').PackageStorage} PackageStorage */
/** @typedef {import('./types.js').Profile} Profile */
/** @typedef {import('./types.js').Progress} Progress */
/** @typedef {import('./types.js').TensorData} TensorData */
/** @typedef {import('./types.js').TensorSpec} TensorSpec */
/** @typedef {import('./types.js').Timing} Timing */
/** @typedef {import('./types.js').Task} Task */
/** @typedef {import('./types.js').Variant} Variant */
