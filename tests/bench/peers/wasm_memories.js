/** Keeps hold of the memories of all wasm instances made after it is imported, since not every engine tells how much it takes. */

/** @type {Set<WebAssembly.Memory>} */
const memories = new Set();

/** @param {WebAssembly.Instance} instance @param {WebAssembly.Imports} [imports] */
function note({ exports }, imports = {}) {
  for (const group of [exports, ...Object.values(imports)]) {
    for (const value of Object.values(group)) if (value instanceof WebAssembly.Memory) memories.add(value);
  }
}

/**
 * Watches one way of making instances.
 * @param {'instantiate' | 'instantiateStreaming'} name
 */
function watch(name) {
  const original = /** @type {(...args: any[]) => Promise<any>} */ (WebAssembly[name]);
  /** @param {unknown} source @param {WebAssembly.Imports} [imports] */
  const watched = async (source, imports) => {
    const result = await original.call(WebAssembly, source, imports);
    note(result instanceof WebAssembly.Instance ? result : result.instance, imports);
    return result;
  };
  Object.assign(WebAssembly, { [name]: watched });
}

watch('instantiate');
watch('instantiateStreaming');
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(Original, [module, imports]) {
    const instance = new Original(module, imports);
    note(instance, imports);
    return instance;
  },
});

/**
 * @template T
 * @param {() => Promise<T>} use all that makes instances
 * @returns {Promise<{ result: T, bytes: () => number }>} bytes: of their memories, when it is called
 */
export async function withMemories(use) {
  const before = new Set(memories);
  const result = await use();
  const made = [...memories].filter((memory) => !before.has(memory));
  return { result, bytes: () => made.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) };
}
