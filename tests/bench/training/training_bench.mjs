#!/usr/bin/env node
/**
 * What distillation and the refinement of compressed levels bring, on the models of models/: prints the tables of
 * docs/COMPRESSION.md in Markdown. Needs the models' trained files (build/native/minnow train models/NAME).
 *
 *   npm run bench:training                      all
 *   npm run bench:training -- refine doodles    refinement of one model
 *   npm run bench:training -- distill           students with and without teachers
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { REFINED, STUDENTS } from './training_rows.mjs';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MINNOW = path.join(ROOT, 'build/native/minnow');

/**
 * A copy of a model's folder with a changed recipe; its data still start where they did.
 * @param {string} model @param {(recipe: any) => void} change
 */
function changedFolder(model, change) {
  const source = path.join(ROOT, 'models', model);
  const folder = mkdtempSync(path.join(tmpdir(), `minnow-${model}-`));
  cpSync(source, folder, { recursive: true, filter: (file) => !/\.training|\.distilling|\/package|\/samples/.test(file) });
  const recipe = JSON.parse(readFileSync(path.join(source, 'model.json'), 'utf8'));
  recipe.data.root = path.resolve(source, recipe.data.root);
  for (const entry of recipe.data.sources) {
    for (const field of ['folder', 'file']) {
      if (entry[field]?.startsWith('./')) entry[field] = path.join(source, entry[field]);
    }
  }
  change(recipe);
  writeFileSync(path.join(folder, 'model.json'), JSON.stringify(recipe));
  return folder;
}

/** @param {string[]} args @returns {any} */
function minnow(args) {
  return JSON.parse(execFileSync(MINNOW, [...args, '--json'], { encoding: 'utf8', maxBuffer: 1 << 26 }));
}

/**
 * Packs a trained model in another way. The trained file is the model's own.
 * @param {string} model @param {any} pack
 */
function packAs(model, pack) {
  const trained = path.join(ROOT, 'models', model, '.training/model.safetensors');
  if (!existsSync(trained)) throw new Error(`${trained} is missing: build/native/minnow train models/${model}`);
  const folder = changedFolder(model, (recipe) => (recipe.pack = pack));
  try {
    return minnow(['train', folder, '--trained', trained]).packed;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} model */
function refineRows(model) {
  const { samples, steps, rows } = REFINED[model];
  for (const { refine, ...pack } of rows) {
    const target = { ...pack, samples };
    const { prune, weights } = pack;
    const plain = packAs(model, target);
    const refined = packAs(model, { ...target, refine: { steps, batch: 32, rate: 0.03, temperature: 2, ...refine } });
    const lost = plain.floatAccuracy - plain.accuracy;
    const left = plain.floatAccuracy - refined.accuracy;
    const recovered = lost > 0 ? `${Math.round((100 * (lost - left)) / lost)} %` : '–';
    console.log(
      `| ${model} | ${plain.bits.toFixed(2)}${prune ? `, ${prune * 100} % zeros` : ''}${weights ? ', shared values' : ''} | ${plain.br} | ${plain.floatAccuracy.toFixed(2)} | ` +
        `${plain.accuracy.toFixed(2)} | ${refined.accuracy.toFixed(2)} | ${recovered} |`,
    );
  }
}

/** @param {{ model: string, name: string, network: any, training: any, distill: any, seeds: number[] }} student */
function distillRow({ model, name, network, training, distill, seeds }) {
  const teacher = path.join(ROOT, 'models', model, '.training/model.safetensors');
  const alone = [];
  const taught = [];
  for (const seed of seeds) {
    const folder = changedFolder(model, (recipe) => {
      recipe.network.layers = network;
      recipe.training = { ...recipe.training, ...training, seed };
      recipe.distill = distill;
    });
    alone.push(minnow(['train', folder, '--no-pack']).test);
    taught.push(minnow(['distill', folder, '--teacher', teacher, '--no-pack']).test);
    rmSync(folder, { recursive: true, force: true });
  }
  const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const list = (/** @type {number[]} */ values) => values.map((value) => value.toFixed(2)).join(', ');
  console.log(
    `| ${model}, ${name} | ${list(alone)} | ${list(taught)} | ${(mean(taught) - mean(alone) >= 0 ? '+' : '') + (mean(taught) - mean(alone)).toFixed(2)} |`,
  );
}

const [kind, only] = process.argv.slice(2);
if (kind !== 'distill') {
  console.log('| model | bits a weight | brotli bytes | float32 | compressed | refined | of the loss recovered |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const model of Object.keys(REFINED)) if (!only || only === model) refineRows(model);
}
if (kind !== 'refine') {
  console.log('\n| student | alone | with the teacher | gain, points |');
  console.log('| --- | --- | --- | --- |');
  for (const student of STUDENTS) if (!only || only === student.model) distillRow(student);
}
