/**
 * Minnow's further tasks on pictures: where things are, and which pixels are theirs.
 *
 *     import { ObjectDetector } from 'minnow/vision';
 *     const detector = await ObjectDetector.create('models/faces/');
 *     const { detections } = await detector.detect(file);
 */
export { ImageSegmenter, upscaleToSource } from './image_segmenter.js';
export { ObjectDetector } from './object_detector.js';
export { sendPicture } from './picture_sender.js';
export { watchFrames } from './video_frames.js';

/** @typedef {import('./image_segmenter.js').Segmentation} Segmentation */
/** @typedef {import('./object_detector.js').DetectOptions} DetectOptions */
/** @typedef {import('./object_detector.js').Detection} Detection */
/** @typedef {import('./object_detector.js').DetectionResult} DetectionResult */
