/** A package as files that somebody chose or dropped: its manifest and its shards, in no order. */

/**
 * @param {readonly File[]} files
 * @returns {Promise<import('minnow').MemoryPackage | null>} null: there is no manifest.json among them
 */
export async function packageOf(files) {
  const manifest = files.find(({ name }) => name === 'manifest.json');
  if (!manifest) return null;
  // A package's folder has compressed copies of its files for servers beside them.
  const plain = files.filter(({ name }) => !/\.(br|gz)$/.test(name));
  const shards = new Map(await Promise.all(plain.map(async (file) => /** @type {const} */ ([file.name, await file.arrayBuffer()]))));
  return { manifest: await manifest.text(), shards };
}
