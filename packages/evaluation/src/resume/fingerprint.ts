import { AdvrobError, type Classifier, type Dataset, type Json } from '@advrob/core';
import { getBackend } from '@tensorflow/tfjs-core';
import type { Plan } from '../run/plan.js';

/** Everything that the result depends on. */
export type Fingerprint = { readonly [key: string]: Json };

/** What an evaluation and its continuation must share. `settings` are the options of each run's attack, as `describeValue` gives them. */
export function fingerprintOf(
  plan: Plan,
  settings: readonly Json[],
  model: Classifier,
  modelHash: string,
  data: Dataset,
): Fingerprint {
  const { batchSize, seed, attackOn, samples, saveAdversarial, runs } = plan;
  return {
    format: 1,
    backend: getBackend(),
    model: { hash: modelHash, numClasses: model.numClasses },
    data: { name: data.name, length: data.length, hash: data.hash },
    batchSize,
    seed,
    attackOn,
    samples,
    ...(saveAdversarial && { saveAdversarial }),
    attacks: runs.map(({ entry, label, norm, epsilon, epsilons }, run) => ({
      label,
      attack: entry.attack.name,
      options: settings[run]!,
      norm,
      epsilon: epsilon === Infinity ? 'Infinity' : epsilon,
      ...(entry.attack.definition.budget === 'minimal' && { epsilons }),
      restarts: entry.restarts ?? 1,
      loss: entry.loss?.name ?? 'default',
    })),
  };
}

/**
 * @throws AdvrobError `ADVROB_EVALUATION_MISMATCH` naming everything that differs.
 */
export function checkSame(found: Json, expected: Fingerprint, journal: string): void {
  const differences = differencesOf('', found, expected);
  if (differences.length > 0)
    throw new AdvrobError(
      'ADVROB_EVALUATION_MISMATCH',
      `this storage holds another evaluation: ${differences.join('; ')}. Use another folder, or remove '${journal}' to start over`,
    );
}

function differencesOf(path: string, found: Json | undefined, expected: Json | undefined): string[] {
  if (JSON.stringify(found) === JSON.stringify(expected)) return [];
  if (!isContainer(found) || !isContainer(expected))
    return [`${path === '' ? 'format' : path} was ${short(found)}, is ${short(expected)}`];
  const keys = [...new Set([...Object.keys(found), ...Object.keys(expected)])];
  return keys.flatMap((key) => differencesOf(path === '' ? key : `${path}.${key}`, found[key], expected[key]));
}

function isContainer(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null;
}

function short(value: Json | undefined): string {
  const text = value === undefined ? 'not there' : JSON.stringify(value);
  return text.length > 70 ? `${text.slice(0, 67)}...` : text;
}
