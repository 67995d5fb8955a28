/** Which files of a storage belong to which packages. */

/** @typedef {import('../base/types.js').StoredPackage} StoredPackage */

/**
 * Files of a package that has gone, but for those another one has too.
 * @param {StoredPackage | undefined} gone
 * @param {readonly StoredPackage[]} left
 * @returns {string[]} SHA-256
 */
export function unusedFiles(gone, left) {
  const used = new Set(left.flatMap(filesOfStored));
  return gone ? filesOfStored(gone).filter((sha256) => !used.has(sha256)) : [];
}

/** @param {StoredPackage} stored @returns {string[]} also those of the version before it */
function filesOfStored({ files, previous }) {
  return [...files, ...(previous?.files ?? [])];
}

/**
 * What pages are told of a kept package.
 * @param {Omit<StoredPackage, 'manifest' | 'files'>} stored
 * @returns {import('../base/types.js').CachedPackage}
 */
export function described({ url, name, bytes, savedAt, usedAt }) {
  return { url, name, bytes, savedAt, usedAt: usedAt ?? savedAt };
}
