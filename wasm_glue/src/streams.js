/** Streams of bytes, read to their end. */

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @param {(chunk: Uint8Array) => void} onChunk what it throws ends the reading
 */
export async function readChunks(stream, onChunk) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onChunk(value);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @param {number} maxBytes
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 * @throws {RangeError} the stream is longer than maxBytes
 */
export async function readStream(stream, maxBytes) {
  /** @type {Uint8Array[]} */
  const chunks = [];
  let total = 0;
  await readChunks(stream, (chunk) => {
    total += chunk.length;
    if (total > maxBytes) throw new RangeError('the stream is too long');
    chunks.push(chunk);
  });
  return concatenate(chunks, total);
}

/** @param {readonly Uint8Array[]} chunks @param {number} total of their bytes */
export function concatenate(chunks, total) {
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
