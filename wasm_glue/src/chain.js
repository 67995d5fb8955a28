/**
 * Minnow's split packages (`minnow pack --split`): models whose parts take turns in memory.
 *
 *     import { ModelChain } from 'minnow/chain';
 *     const chain = await ModelChain.create('models/large/');
 *     const [best] = await chain.classify(file);
 */
export { ModelChain } from './chain/model_chain.js';

/** @typedef {import('./chain/model_chain.js').ChainOptions} ChainOptions */
