import { AdvrobError } from '@advrob/core';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { link, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { fileError, makeFolders } from './failure.js';
import { isAlive, isVisible, parseHolder, thisProcess } from './holder.js';
import { isTemporary, temporaryName } from './names.js';

/** Name of the file that says who is at work in a folder. */
export const lockName = 'advrob.lock';

/** A holder touches its lock so often (milliseconds); by that it is known to live elsewhere. */
const beat = 10_000;
/** A lock that was not touched for so long is believed left, where its process cannot be seen. */
const longestSilence = 120_000;
/** A lock is written within this time from being made. */
const longestMaking = 10_000;

/** A killed process gives its memory back within this time. */
const longestDying = 1000;

/** Folders that this process holds, with the tokens of their locks. */
const held = new Map<string, string>();

/**
 * Runs `body` while no other process of ours works in the folder, which is made when it is not
 * there. What killed runs have left in it of files that they wrote is removed. A lock whose process
 * is gone gives way: on the same machine by its process, elsewhere when it has not been touched for
 * two minutes.
 *
 * @throws AdvrobError `ADVROB_FOLDER_LOCKED` when another one is at work in it, above or below it.
 */
export async function holdFolder<T>(folder: string, body: () => Promise<T>): Promise<T> {
  const root = resolve(folder);
  const first = await makeFolders(root).catch((error: unknown) => {
    throw fileError(error, folder);
  });
  const lock = join(root, lockName);
  const token = randomBytes(8).toString('hex');
  try {
    for (const above of [dirname(root), dirname(dirname(root))]) await refuseHeld(above, folder);
    await take(lock, token, folder);
  } catch (error) {
    if (first !== undefined) await removeEmpty(root, first);
    throw fileError(error, folder);
  }
  held.set(root, token);
  const stopBeat = startBeat(lock);
  const release = (): void => {
    stopBeat();
    held.delete(root);
    if (tokenIn(lock) === token) rmSync(lock, { force: true });
  };
  process.once('exit', release);
  try {
    await tidyUp(root, folder);
    return await body();
  } finally {
    process.off('exit', release);
    release();
    if (first !== undefined) await removeEmpty(root, first);
  }
}

/**
 * The held folder that a path lies in, if any.
 *
 * @throws AdvrobError `ADVROB_FOLDER_LOST` when it was removed, or another process has taken it.
 */
export async function heldFolderOf(path: string): Promise<string | undefined> {
  const whole = resolve(path);
  const found = [...held].find(([root]) => whole.startsWith(root + sep));
  if (found === undefined) return undefined;
  const [root, token] = found;
  const text = await readFile(join(root, lockName), 'utf8').catch(() => undefined);
  if (parseHolder(text)?.token === token) return root;
  throw new AdvrobError(
    'ADVROB_FOLDER_LOST',
    `${root} ${text === undefined ? `was removed, or its ${lockName},` : 'was taken over by another advrob'} while this one was at work in it: nothing more is written. ` +
      'Start the same command again when no other works there, or choose another folder with --out',
  );
}

async function take(lock: string, token: string, folder: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    if (await create(lock, token)) return;
    const text = await readFile(lock, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    if (!(await isLeft(lock, text))) throw locked(lock, text, folder);
    await setAside(lock, text);
  }
  throw locked(lock, '', folder);
}

/** Makes the lock, unless there is one. */
async function create(lock: string, token: string): Promise<boolean> {
  const file = await open(lock, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined;
    throw error;
  });
  if (file === undefined) return false;
  try {
    await file.writeFile(`${JSON.stringify(thisProcess(token))}\n`);
    await file.sync();
    return true;
  } catch (error) {
    await rm(lock, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Whether the one who made a lock is gone. */
async function isLeft(lock: string, text: string): Promise<boolean> {
  const holder = parseHolder(text);
  if (holder === undefined) return (await silenceOf(lock)) > longestMaking;
  if (!isVisible(holder)) return (await silenceOf(lock)) > longestSilence;
  // One that was killed a moment ago takes a moment to be gone.
  for (const end = performance.now() + longestDying; isAlive(holder); await delay(50))
    if (performance.now() > end) return false;
  return true;
}

/** Milliseconds since a lock was touched, by the clock of the file system, which may be another's. */
async function silenceOf(lock: string): Promise<number> {
  const probe = temporaryName(lock);
  const now = await open(probe, 'wx')
    .then((file) => file.stat().finally(() => file.close()))
    .then(({ mtimeMs }) => mtimeMs)
    .catch(() => Date.now());
  await rm(probe, { force: true }).catch(() => undefined);
  return now - ((await stat(lock).catch(() => undefined))?.mtimeMs ?? now);
}

/** Removes a lock that was judged; one that another has made in the meantime goes back. */
async function setAside(lock: string, text: string): Promise<void> {
  const aside = temporaryName(lock);
  try {
    await rename(lock, aside);
    if ((await readFile(aside, 'utf8')) !== text) await link(aside, lock);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Refuses a folder when somebody is at work in `other`, which holds it or lies in it. */
async function refuseHeld(other: string, folder: string): Promise<void> {
  const lock = join(other, lockName);
  const text = await readFile(lock, 'utf8').catch(() => undefined);
  if (text !== undefined && !(await isLeft(lock, text))) throw locked(lock, text, folder);
}

function locked(lock: string, text: string, folder: string): AdvrobError {
  const holder = parseHolder(text);
  const who = holder ? `process ${holder.pid} on ${holder.host}, since ${holder.since}` : 'it has not said which';
  return new AdvrobError(
    'ADVROB_FOLDER_LOCKED',
    `another advrob is at work in ${folder} (${who}): wait for it, or choose another folder with --out. ` +
      `If it is gone for good, remove ${lock}: on this machine that is found out, of another one after two minutes of silence`,
  );
}

function tokenIn(lock: string): string | undefined {
  try {
    return parseHolder(readFileSync(lock, 'utf8'))?.token;
  } catch {
    return undefined;
  }
}

/**
 * Touches a lock now and then, from a thread of its own: a long step of a model lets nothing else
 * run in this one. Work of a few seconds needs none.
 */
function startBeat(lock: string): () => void {
  let worker: Worker | undefined;
  const timer = setTimeout(() => {
    const program = `const { utimesSync } = require('node:fs');
      setInterval(() => { try { utimesSync(${JSON.stringify(lock)}, new Date(), new Date()); } catch {} }, ${beat});`;
    worker = new Worker(program, { eval: true, stderr: false });
    worker.unref();
  }, beat / 2);
  timer.unref();
  return () => {
    clearTimeout(timer);
    void worker?.terminate();
  };
}

/** Removes what killed runs have left of files that they wrote, where nobody else is at work. */
async function tidyUp(root: string, folder: string): Promise<void> {
  const files = await readdir(root, { recursive: true }).catch((error: unknown) => {
    throw fileError(error, root);
  });
  for (const file of files)
    if (basename(file) === lockName && dirname(file) !== '.') await refuseHeld(join(root, dirname(file)), folder);
  for (const file of files) if (isTemporary(file)) await rm(join(root, file), { force: true });
}

/** Removes folders that were made for nothing, from `folder` up to `top`. */
async function removeEmpty(folder: string, top: string): Promise<void> {
  for (let each = folder; each.startsWith(top); each = dirname(each)) {
    const isGone = await rmdir(each).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}
