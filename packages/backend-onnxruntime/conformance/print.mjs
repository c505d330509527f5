import { percent } from './verdict.mjs';

const say = (line) => process.stdout.write(`${line}\n`);

/** Prints one mode's verdict for a reader; `showFailures` adds every failing spec with the first line of its message. */
export function printVerdict(verdict, showFailures) {
  const { mode, passed, failed, share, seconds, failures, excluded, fallbacks, problems } = verdict;
  say(`${mode}: ${passed} passed, ${failed} failed (${percent(share)} of what cpu passes, ${seconds.toFixed(1)} s)`);
  if (fallbacks.length > 0) {
    const entry = ({ kernel, float32, other, unwatched }) => {
      const kinds = [float32 && `${float32} float32`, other && `${other} other`, unwatched && `${unwatched} unknown`];
      return `${kernel} (${kinds.filter(Boolean).join(', ')})`;
    };
    say(`  fallbacks: ${fallbacks.map(entry).join(', ')}`);
  }
  if (excluded.length > 0) say(`  excluded, counted as failed:\n${excluded.map((name) => `    ${name}`).join('\n')}`);
  if (showFailures) {
    for (const { name, message } of failures) say(`  failed: ${name}\n      ${message.split('\n')[0].slice(0, 300)}`);
  }
  for (const problem of problems) say(`  PROBLEM: ${problem}`);
}
