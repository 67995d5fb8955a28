/**
 * Minnow's further tasks on pictures: where things are, and which pixels are theirs.
 *
 *     import { ObjectDetector } from 'minnow/vision';
 *     const detector = await ObjectDetector.create('models/faces/');
 *     const { detections } = await detector.detect(file);
 */
export { ImageSegmenter, upscaleToSource } from './picture/image_segmenter.js';
export { ObjectDetector } from './picture/object_detector.js';
export { sendPicture } from './picture/picture_sender.js';
export { watchFrames } from './picture/video_frames.js';

/** @typedef {import('./picture/image_segmenter.js').Segmentation} Segmentation */
/** @typedef {import('./picture/object_detector.js').DetectOptions} DetectOptions */
/** @typedef {import('./picture/object_detector.js').Detection} Detection */
/** @typedef {import('./picture/object_detector.js').DetectionResult} DetectionResult */
