/** Serves LiteRT.js as it is needed here: with the dtypes that its own table leaves out. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Where LiteRT.js lists the dtypes it converts, and the ones it leaves out although its runtime has them. */
const DTYPE_TABLE = 'var DATATYPES = Object.freeze([';
const MISSING_DTYPES = `
  { dtype: "int8", typedArrayConstructor: Int8Array, elementType: ElementType.INT8 },
  { dtype: "int16", typedArrayConstructor: Int16Array, elementType: ElementType.INT16 },
  { dtype: "int64", typedArrayConstructor: BigInt64Array, elementType: ElementType.INT64 },`;

/**
 * @param {import('../e2e/test_server.js').TestServer} server
 * @param {string} prefix of the addresses, starting and ending with '/'
 */
export async function serveLiteRt(server, prefix) {
  const coreIndex = createRequire(import.meta.url).resolve('@litertjs/core');
  const source = await readFile(coreIndex, 'utf8');
  if (!source.includes(DTYPE_TABLE)) {
    throw new Error('this version of @litertjs/core keeps its dtype table elsewhere: adapt DTYPE_TABLE');
  }
  server.mount(prefix, path.resolve(path.dirname(coreIndex), '../..'));
  server.handle(`${prefix}core/dist/index.js`, (_request, response) => {
    response.setHeader('Content-Type', 'text/javascript; charset=utf-8');
    response.end(source.replace(DTYPE_TABLE, DTYPE_TABLE + MISSING_DTYPES));
  });
}
