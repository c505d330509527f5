import { AdvrobError } from '@advrob/core';
import { backendNames } from '../backend/select.js';
import { norm as norms } from '../config/part-schema.js';
import { flag, wholeNumber } from './flag.js';

export const backendFlags = [
  flag('--backend <name>', 'default: the fastest that works', { choices: backendNames }),
  flag('--threads <n>', 'of the backend', { read: wholeNumber(1) }),
] as const;

export const jsonFlag = flag('--json', 'machine-readable output on standard output, nothing else there');
export const pluginFlag = flag(
  '--plugin <name>',
  'a package or a file (./x.js) that brings more parts; may be repeated',
  {
    repeated: true,
  },
);
export const seedFlag = flag('--seed <n>', 'of all random numbers', { read: wholeNumber(0), default: 0 });

export const normFlag = flag('--norm <norm>', 'of the perturbation', { choices: norms.options, default: 'linf' });
export const restartsFlag = flag('--restarts <n>', 'independent starts of each attack', {
  read: wholeNumber(1),
  default: 1,
});
export const lossFlag = flag('--loss <name>', "what attacks ascend, e.g. ce, margin, dlr; default: the attack's own");

/**
 * Reads epsilons as people write them: `0.3`, `8/255`, a list `2/255,4/255,8/255`; `inf` for
 * attacks that look for a minimal norm.
 *
 * @throws AdvrobError `ADVROB_USAGE` for anything else.
 */
export function parseEpsilons(text: string): number[] {
  return text.split(',').map((part) => (/^\s*inf(inity)?\s*$/i.test(part) ? Infinity : parseFinite(part.trim(), text)));
}

/** Reads one finite epsilon. @throws AdvrobError `ADVROB_USAGE` */
export function parseEpsilon(text: string): number {
  return parseFinite(text.trim(), text);
}

function parseFinite(text: string, whole: string): number {
  const [, above, below = '1'] = /^(\d*\.?\d+(?:e[+-]?\d+)?)(?:\s*\/\s*(\d*\.?\d+))?$/i.exec(text) ?? [];
  const value = Number(above) / Number(below);
  if (above === undefined || !Number.isFinite(value) || value <= 0)
    throw new AdvrobError(
      'ADVROB_USAGE',
      `epsilon: expected a number above 0 such as 0.3 or 8/255, or a list with commas, got '${whole}'`,
    );
  return value;
}
