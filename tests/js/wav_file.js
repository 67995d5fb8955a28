/** Writes WAV files. */

/**
 * @param {Float32Array} samples interleaved
 * @param {{ bits?: number, code?: number, channels?: number, sampleRate?: number }} [format] code: 1 PCM, 3 float
 */
export function wavOf(samples, { bits = 16, code = 1, channels = 1, sampleRate = 16000 } = {}) {
  const size = bits / 8;
  const bytes = Buffer.alloc(44 + size * samples.length);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(code, 20);
  bytes.writeUInt16LE(channels, 22);
  bytes.writeUInt32LE(sampleRate, 24);
  bytes.writeUInt32LE(sampleRate * channels * size, 28);
  bytes.writeUInt16LE(channels * size, 32);
  bytes.writeUInt16LE(bits, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(size * samples.length, 40);
  samples.forEach((sample, i) => {
    const at = 44 + i * size;
    const top = 2 ** (bits - 1);
    const value = Math.max(-top, Math.min(top - 1, Math.round(sample * top)));
    if (code === 3) bytes.writeFloatLE(sample, at);
    else if (bits === 8) bytes.writeUInt8(value + 128, at);
    else bytes.writeIntLE(value, at, size);
  });
  return bytes;
}
