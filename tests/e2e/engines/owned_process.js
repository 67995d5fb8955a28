/**
 * Child processes and folders that never outlive the test: they are ended by process id when the
 * engine closes, and from the `exit` event when a test throws or is interrupted before it could.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** @type {Set<() => void>} */
const cleanups = new Set();

process.on('exit', () => {
  // Last come, first gone: a profile folder can go only after the browser that writes to it.
  for (const cleanup of [...cleanups].reverse()) cleanup();
});
// A signal alone would end this process without the event above.
for (const [signal, code] of /** @type {const} */ ([
  ['SIGINT', 130],
  ['SIGTERM', 143],
])) {
  process.once(signal, () => process.exit(code));
}

/** A browser on a busy machine takes its time to come up. */
export const START_WITHIN_MS = 120_000;
const END_WITHIN_MS = 20_000;

/**
 * Waits for a browser's polite end, whether it comes or not: what is left is killed afterwards.
 * @param {Promise<unknown>} end
 */
export async function withinPatience(end) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const tooLong = new Promise((resolve) => (timer = setTimeout(resolve, END_WITHIN_MS)));
  await Promise.race([end, tooLong]).catch(() => undefined);
  clearTimeout(timer);
}

/**
 * Runs `cleanup` at the exit of this process, unless the returned function ran it before.
 * @param {() => void} cleanup
 * @returns {() => void}
 */
export function atExit(cleanup) {
  const once = () => {
    if (cleanups.delete(once)) cleanup();
  };
  cleanups.add(once);
  return once;
}

/**
 * Starts a program as the leader of its own process group, so that its children can be ended with it.
 * @param {string} file
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {{child: import('node:child_process').ChildProcess, stop: () => Promise<void>}}
 */
export function startOwned(file, args, options = {}) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options, detached: true });
  const ended = new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  const kill = atExit(() => killGroup(child.pid));
  return {
    child,
    stop: async () => {
      kill();
      await ended;
    },
  };
}

/** @param {number | undefined} pid leader of the group */
function killGroup(pid) {
  if (!pid) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/**
 * Ends the browser that was started on a profile folder, known by its command line. Needed where a
 * library starts the process and a test is interrupted before the library has told its id.
 * @param {string} profileDir
 */
export function killUsersOfProfile(profileDir) {
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (words.some((word) => word === profileDir || word.endsWith(`=${profileDir}`))) process.kill(+pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

/**
 * @param {string} prefix
 * @returns {{dir: string, remove: () => void}}
 */
export function makeTempDir(prefix) {
  const dir = mkdtempSync(path.join(tmpdir(), prefix));
  const remove = atExit(() => removeDir(dir));
  return { dir, remove };
}

/**
 * A browser's last children may write for a moment after it has ended: tries again, without giving up
 * the thread, since an exiting process has no later.
 * @param {string} dir
 */
function removeDir(dir) {
  for (let attempt = 0; attempt < 40; attempt++) {
    try {
      rmSync(dir, { recursive: true, force: true });
      return;
    } catch {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
  console.error(`left behind: ${dir}`);
}
