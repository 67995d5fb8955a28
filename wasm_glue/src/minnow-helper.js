/** The script of a helper thread: waits for its job (page/threads.js), and does it until it is ended. */

/** @typedef {{ __stack_pointer: WebAssembly.Global, help: (thread: number) => void }} HelperExports */

addEventListener('message', async ({ data }) => {
  const { module, memory, thread, stackTop } = /** @type {import('./base/types.js').HelperJob} */ (data);
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const exports = /** @type {HelperExports} */ (/** @type {unknown} */ (instance.exports));
  exports.__stack_pointer.value = stackTop;
  exports.help(thread);
});
