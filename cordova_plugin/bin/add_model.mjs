#!/usr/bin/env node
/**
 * Puts packed models into the web folder of an app that is not built by Cordova, and says what in the app's settings would
 * keep them from running. For Capacitor (which runs no hooks) call it before `cap sync`.
 *
 * usage: minnow-models [NAME=]PACKAGE... --www FOLDER
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { checkCapacitorApp } from '../lib/app_config.mjs';
import { addModels } from '../lib/app_models.mjs';
import { policyProblems } from '../lib/content_policy.mjs';
import { PluginError } from '../lib/plugin_error.mjs';

const USAGE = `usage: minnow-models [NAME=]PACKAGE... --www FOLDER
  PACKAGE       a folder that "minnow pack MODEL -o FOLDER" wrote
  --www FOLDER  the app's web folder (Capacitor's webDir, or the folder that your bundler copies as it is)`;

try {
  main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  const isUsage = 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  if (!isUsage && !(error instanceof PluginError)) throw error;
  console.error(`error: ${error.message}${isUsage ? `\n${USAGE}` : ''}`);
  process.exitCode = isUsage ? 2 : 1;
}

function main() {
  const { values, positionals } = parseArgs({
    options: { www: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (values.help) return console.log(USAGE);
  if (!values.www || positionals.length === 0) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  const www = path.resolve(values.www);
  for (const { name, task, url, bytes } of addModels(www, positionals)) {
    console.log(`${name}: ${task}, ${bytes} bytes in ${path.join(values.www, url)}`);
  }
  const { errors, warnings } = checkApp(www);
  for (const warning of warnings) console.warn(`warning: ${warning}`);
  if (errors.length > 0) throw new PluginError('BAD_CONFIG', errors.join('\nerror: '));
}

/** @param {string} www */
function checkApp(www) {
  const page = path.join(www, 'index.html');
  const config = path.join(path.dirname(www), 'capacitor.config.json');
  const { errors, warnings } = checkCapacitorApp(existsSync(config) ? readJson(config) : undefined);
  if (existsSync(page)) errors.push(...policyProblems(readFileSync(page, 'utf8'), page));
  return { errors, warnings };
}

/** @param {string} file @returns {unknown} */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new PluginError('BAD_CONFIG', `${file} is no JSON (${/** @type {Error} */ (error).message}): repair it`);
  }
}
