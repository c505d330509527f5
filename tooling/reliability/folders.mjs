// What a run leaves in its folder, and what of it must be the same, bit for bit, however often the run was killed.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { clearInterval, setInterval } from 'node:timers';
import { parseRecord, withoutTiming } from '../../packages/evaluation/dist/index.js';

const bin = new URL('../../packages/cli/dist/bin.js', import.meta.url).pathname;

/**
 * Runs the command, whose folder is `out`. With `killAfter` it is ended by SIGKILL so many milliseconds after it has taken hold of its
 * folder. Gives also how long it worked there.
 */
export function advrob(cwd, args, out, killAfter = Infinity) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    let held;
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const look = setInterval(() => {
      if (held === undefined && isHeldBy(child.pid, join(cwd, out))) held = performance.now();
      if (held !== undefined && performance.now() - held >= killAfter) child.kill('SIGKILL');
    }, 2);
    child.on('close', (code) => {
      clearInterval(look);
      resolve({ code, stderr, duration: held === undefined ? 0 : performance.now() - held });
    });
  });
}

function isHeldBy(pid, folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'advrob.lock'), 'utf8')).pid === pid;
  } catch {
    return false;
  }
}

/** All files of a folder, by their paths in it. */
export function filesOf(folder) {
  return readdirSync(folder, { recursive: true }).filter((file) => statSync(join(folder, file)).isFile());
}

/**
 * What must be equal: everything but times, and pages that show them. With `isExact` these too, where they are made of the same times.
 */
export function contentOf(folder, isExact = false) {
  const content = {};
  for (const file of filesOf(folder).sort()) {
    const bytes = readFileSync(join(folder, file));
    const hasTimes = /^report\.|tfevents|^figures\/|(evaluation|checks|analysis)\.jsonl$/.test(file);
    if (hasTimes && !isExact) content[file] = 'there';
    else if (file === 'record.json' && !isExact)
      content[file] = { ...withoutTiming(parseRecord(bytes.toString())), command: '' };
    else content[file] = createHash('sha256').update(bytes).digest('hex');
  }
  return JSON.stringify(content);
}
