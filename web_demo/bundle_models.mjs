/** Copies the trained models into the built demo, and tells what the page has to know of them. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';

/** Samples are pictures and sounds; what else lies beside them is for people. */
const SAMPLE = /\.(jpe?g|png|webp|wav)$/;
/** As `minnow pack` names what it writes; compressed copies stand beside the files. */
const PLAIN_FILE = /\.(mnw|txt)$/;

/**
 * `<models>/<name>/package/` becomes `<dist>/models/<name>/`, and `<models>/<name>/samples/` becomes
 * `<dist>/samples/<name>/`.
 * @param {string} models folder with one folder a model
 * @param {string} dist
 * @returns {Promise<Record<string, BundledModel>>} by the models' names; those without a package are left out
 */
export async function bundleModels(models, dist) {
  const folders = existsSync(models) ? (await readdir(models, { withFileTypes: true })).filter((entry) => entry.isDirectory()) : [];
  /** @type {Record<string, BundledModel>} */
  const bundled = {};
  for (const name of folders.map((entry) => entry.name).sort()) {
    const from = path.join(models, name);
    const manifestFile = path.join(from, 'package/manifest.json');
    if (!existsSync(manifestFile)) continue;
    const manifest = await readFile(manifestFile);
    await cp(path.join(from, 'package'), path.join(dist, 'models', name), { recursive: true });
    bundled[name] = {
      task: JSON.parse(String(manifest)).task,
      version: createHash('sha256').update(manifest).digest('hex').slice(0, 12),
      bytes: await downloadBytes(path.join(from, 'package')),
      card: await readCard(path.join(from, 'card.json')),
      samples: await copySamples(path.join(from, 'samples'), path.join(dist, 'samples', name)),
    };
  }
  return bundled;
}

/** @param {string} folder of a package */
async function downloadBytes(folder) {
  const sizes = new Map(await Promise.all((await readdir(folder)).map(async (file) => /** @type {const} */ ([file, (await readFile(path.join(folder, file))).length]))));
  const plain = [...sizes.keys()].filter((file) => PLAIN_FILE.test(file));
  return plain.reduce((sum, file) => sum + Math.min(sizes.get(file) ?? 0, sizes.get(`${file}.br`) ?? Infinity), 0);
}

/** @param {string} file @returns {Promise<BundledModel['card']>} */
async function readCard(file) {
  if (!existsSync(file)) return null;
  const { accuracy, testExamples, bytes, licence } = JSON.parse(await readFile(file, 'utf8'));
  return { accuracy, testExamples, bytes, licence };
}

/** @param {string} from @param {string} to @returns {Promise<string[]>} the files' names */
async function copySamples(from, to) {
  if (!existsSync(from)) return [];
  const files = (await readdir(from)).filter((file) => SAMPLE.test(file)).sort();
  for (const file of files) await cp(path.join(from, file), path.join(to, file));
  return files;
}
