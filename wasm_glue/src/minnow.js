/**
 * Minnow: neural-network recognition inside web pages.
 *
 *     const classifier = await ImageClassifier.create('models/mobilenet/');
 *     const [best] = await classifier.classify(file);
 *     classifier.dispose();
 */
export { MinnowError } from './base/errors.js';
export { supported } from './page/features.js';
export { ImageClassifier } from './picture/image_classifier.js';
export { Model } from './page/model.js';
export { storage } from './page/storage.js';

// What minnow/vision, minnow/audio and minnow/text are made of. They import it from here, so that a page that has
// several of them has it once.
export { abortable, throwIfAborted } from './base/abort.js';
export { tell } from './base/callbacks.js';
export { inOrder } from './page/in_order.js';
export { ModelBase, openTask } from './page/model_base.js';
export { PictureTask } from './picture/picture_task.js';
export { absoluteUrl } from './base/source.js';

/** @typedef {import('./base/errors.js').MinnowErrorCode} MinnowErrorCode */
/** @typedef {import('./page/features.js').SupportReport} SupportReport */
/** @typedef {import('./picture/image_classifier.js').Classification} Classification */
/** @typedef {import('./picture/picture.js').ImageSource} ImageSource */
/** @typedef {import('./base/types.js').CachedPackage} CachedPackage */
/** @typedef {import('./base/types.js').CreateOptions} CreateOptions */
/** @typedef {import('./base/types.js').MemoryPackage} MemoryPackage */
/** @typedef {import('./base/types.js').MemoryReport} MemoryReport */
/** @typedef {import('./base/types.js').ModelInfo} ModelInfo */
/** @typedef {import('./base/types.js').OperatorProfile} OperatorProfile */
/** @typedef {import('./base/types.js').OutputTensor} OutputTensor */
/** @typedef {import('./base/types.js').PackageSource} PackageSource */
/** @typedef {import('./base/types.js').PackageStorage} PackageStorage */
/** @typedef {import('./base/types.js').Profile} Profile */
/** @typedef {import('./base/types.js').Progress} Progress */
/** @typedef {import('./base/types.js').TensorData} TensorData */
/** @typedef {import('./base/types.js').TensorSpec} TensorSpec */
/** @typedef {import('./base/types.js').Timing} Timing */
/** @typedef {import('./base/types.js').Task} Task */
/** @typedef {import('./base/types.js').Variant} Variant */
