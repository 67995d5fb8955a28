/** The script of a helper thread: waits for its job (threads.js), and does it until it is ended. */
addEventListener('message', async ({ data }) => {
  const { module, memory, thread, stackTop } = /** @type {import('./threads.js').HelperJob} */ (data);
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const exports = /** @type {import('./threads.js').HelperExports} */ (/** @type {unknown} */ (instance.exports));
  exports.__stack_pointer.value = stackTop;
  exports.help(thread);
});
