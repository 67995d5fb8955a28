import { addLanes } from './probe_simd.js';

addEventListener('message', async ({ data: [a, b] }) => postMessage(await addLanes(a, b)));
