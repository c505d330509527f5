import { AdvrobError } from '@advrob/core';

/**
 * Reads epsilons as people write them: `0.3`, `8/255`, a list `2/255,4/255,8/255`; `inf` for attacks that look for a minimal norm.
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
