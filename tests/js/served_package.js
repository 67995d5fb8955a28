/** A sample package behind a server of its own, for tests of what loads packages. */
import { startTestServer } from '../e2e/test_server.js';
import { writeSamplePackage } from './sample_package.js';

/** @param {Parameters<typeof writeSamplePackage>[0]} [options] */
export async function serveSamplePackage(options) {
  const sample = await writeSamplePackage(options);
  const server = await startTestServer({ '/pkg/': sample.folder });
  const close = async () => {
    await server.close();
    await sample.remove();
  };
  return { sample, server, url: `${server.origin}/pkg/manifest.json`, close };
}
