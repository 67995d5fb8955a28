// Runs test files one after the other and prints them as they go.
// usage: run_node_tests.mjs RESULTS FILE...
//
// RESULTS gets a line "PASSED FAILED SKIPPED". A file in which a browser died by itself is run once more, and its second
// run counts: WebKitGTK crashes now and then. One that dies twice has failed. Ends with status 1 if anything has failed.
import { writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** As BrowserDied of tests/e2e/engines says it. */
const DIED = /has died by itself/;
const MAX_REASON = 600;

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {{ file: string, name: string, reason: string }} Failure */

/** @param {string[]} files @returns {Promise<{ counts: Map<string, Counts>, failures: Failure[] }>} by absolute path */
async function runFiles(files) {
  /** @type {Map<string, Counts>} */
  const counts = new Map();
  /** @type {Failure[]} */
  const failures = [];
  const paths = files.map((file) => resolve(file));
  const events = run({ files: paths, concurrency: 1 });
  // A test says in which file it stands, which may be a helper; a summary says which file was run.
  /** @type {Failure[]} */
  const ofThisFile = [];
  events.on('test:fail', ({ file = '', name, details }) => {
    const failure = { file, name, reason: reasonOf(details.error) };
    if (paths.includes(file)) failures.push(failure);
    else ofThisFile.push(failure);
  });
  events.on('test:summary', ({ file, counts: { passed, tests, skipped, todo } }) => {
    if (!file) return;
    counts.set(file, { passed, failed: tests - passed - skipped - todo, skipped });
    failures.push(...ofThisFile.splice(0).map((failure) => ({ ...failure, file })));
  });
  const printed = events.compose(spec);
  printed.pipe(process.stdout, { end: false });
  await new Promise((resolve, reject) => printed.once('end', resolve).once('error', reject));
  return { counts, failures };
}

/** @param {Error} error @returns {string} */
function reasonOf({ message, cause }) {
  return cause instanceof Error ? cause.message : String(cause ?? message);
}

/** @param {string} file */
const shortOf = (file) => relative(process.cwd(), file);

const [results, ...files] = process.argv.slice(2);
let { counts, failures } = await runFiles(files);
const died = [...new Set(failures.filter(({ reason }) => DIED.test(reason)).map(({ file }) => file))];
if (died.length > 0) {
  console.log(`\nA browser died by itself in ${died.map(shortOf).join(', ')}: run once more.\n`);
  const again = await runFiles(died);
  counts = new Map([...counts, ...again.counts]);
  failures = [...failures.filter(({ file }) => !died.includes(file)), ...again.failures];
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const file of files.map((each) => resolve(each))) {
  // A file that ends before its tests do says nothing of them.
  const { passed, failed, skipped } = counts.get(file) ?? { passed: 0, failed: 1, skipped: 0 };
  const hasFailed = failures.some((failure) => failure.file === file);
  total.passed += passed;
  total.failed += hasFailed ? Math.max(failed, 1) : failed;
  total.skipped += skipped;
}
for (const { file, name, reason } of failures) console.log(`FAILED: ${shortOf(file)}: ${name}: ${reason.slice(0, MAX_REASON)}`);
writeFileSync(results, `${total.passed} ${total.failed} ${total.skipped}\n`);
process.exitCode = total.failed > 0 ? 1 : 0;
