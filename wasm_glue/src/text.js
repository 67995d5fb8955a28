/**
 * Minnow's tasks on texts.
 *
 *     import { TextEmbedder, cosineSimilarity } from 'minnow/text';
 *     const embedder = await TextEmbedder.create('models/sentences/');
 *     const likeness = cosineSimilarity(await embedder.embed('good morning'), await embedder.embed('hello'));
 */
export { TextClassifier } from './text/text_classifier.js';
export { TextEmbedder, cosineSimilarity } from './text/text_embedder.js';
