import { meanOf } from '@advrob/core/statistics';
import { backend } from '@tensorflow/tfjs-core';
import type { RobustnessCheck } from '../record/record.js';
import { made, untested, type CheckName } from './catalogue.js';
import type { LossPath } from './measure/loss-path.js';
import type { Fooled, Measurements } from './measurements.js';
import { proportionOf } from '../statistics/proportion.js';
import { attacksOf, type CheckAttacks, type CompleteOptions } from './options.js';

/**
 * Fewer examples than this are no finding, whatever their share, and among fewer nothing is looked
 * for.
 */
const fewest = 3;

/** Results that a sound model under a sound attack does not show. */
export function judgeSymptoms(
  found: Measurements,
  { attacks, threat, restarts: starts, surrogates, model }: CompleteOptions,
): RobustnessCheck[] {
  const { iterative, longer, restarts, singleStep, blackBox, other, transfer, huge, smaller, larger, correct } = found;
  const share = (name: CheckName, hits: Fooled | undefined, threshold: number): RobustnessCheck => {
    if (hits === undefined || hits.length < fewest) return untested(name);
    const count = hits.filter(Boolean).length;
    return made(name, count / hits.length, threshold, count >= fewest && count / hits.length > threshold);
  };
  const beyond = (more: Fooled | undefined, ...known: (Fooled | undefined)[]): Fooled | undefined =>
    more?.map((hit, i) => hit && !known.some((one) => one?.[i]));
  const whiteBox = [iterative, longer, restarts];
  const { norm, epsilon } = threat;
  /** The check with the attack that it tried, and what withstands it and the iterative one. */
  const tried = (check: RobustnessCheck, name: string | undefined, hits: Fooled | undefined): RobustnessCheck => {
    if (name === undefined || hits === undefined) return check;
    const withstood = hits.filter((hit, i) => !hit && !iterative[i]).length;
    const { interval, ...counts } = proportionOf(withstood, found.examples);
    return { ...check, attack: { name, norm, epsilon, robust: { ...counts, interval: [...interval] } } };
  };
  const { name: main } = attacks.iterative;
  return [
    tried(
      share('black-box-beats-white-box', beyond(blackBox, ...whiteBox, singleStep, other), 0.02),
      attacks.blackBox?.name,
      blackBox,
    ),
    tried(
      share('single-step-beats-iterative', beyond(singleStep, iterative), 0.02),
      attacks.singleStep?.name,
      singleStep,
    ),
    tried(
      share('transfer-beats-white-box', beyond(transfer, ...whiteBox), 0.02),
      `${main} on ${Object.keys(surrogates).join(', ')}`,
      transfer,
    ),
    tried(share('other-attack-beats-white-box', beyond(other, ...whiteBox), 0.05), attacks.other?.name, other),
    share(
      'robust-at-huge-epsilon',
      huge.map((hit) => !hit),
      0.02,
    ),
    tried(share('more-steps-help', beyond(longer, iterative), 0.05), `${attacks.longer?.name} with more steps`, longer),
    tried(share('more-restarts-help', beyond(restarts, iterative), 0.05), `${main} with ${starts} restarts`, restarts),
    share(
      'not-monotone',
      iterative.map((hit, i) => (smaller[i]! && !hit) || (hit && !larger[i])),
      0.02,
    ),
    ...judgePaths(found, share),
    made('unstable-predictions', instability(found), 0.1),
    correct === 0
      ? untested('unconfirmed-successes')
      : made(
          'unconfirmed-successes',
          found.unconfirmed / correct,
          0.02,
          found.unconfirmed >= fewest && found.unconfirmed / correct > 0.02,
        ),
    made('not-reproducible', found.repetition, 0),
    precision(found),
    fewClasses(attacks, model.numClasses),
  ];
}

function judgePaths(
  { paths, iterative }: Measurements,
  share: (name: CheckName, hits: Fooled | undefined, threshold: number) => RobustnessCheck,
): RobustnessCheck[] {
  const known = paths.filter((path): path is NonNullable<LossPath> => path !== null);
  if (known.length < paths.length)
    return [untested('loss-not-increasing'), untested('incomplete-optimisation'), untested('silent-success')];
  const clean = known.flatMap((path) => path.clean);
  const best = known.flatMap((path) => path.best);
  const early = known.flatMap((path) => path.early);
  const passed = known.flatMap((path) => path.fooled);
  const late = clean.flatMap((start, i) => {
    const gain = best[i]! - start;
    return iterative[i] || !(gain > 0) ? [] : [Math.min(1, (best[i]! - early[i]!) / gain)];
  });
  return [
    share(
      'loss-not-increasing',
      clean.map((start, i) => !(best[i]! > start)),
      0.1,
    ),
    late.length < fewest ? untested('incomplete-optimisation') : made('incomplete-optimisation', meanOf(late), 0.1),
    share(
      'silent-success',
      passed.map((hit, i) => hit === 1 && !iterative[i]),
      0.02,
    ),
  ];
}

function instability({ gradients }: Measurements): number {
  const rows = gradients.reduce((sum, one) => sum + one.rows, 0);
  return rows === 0 ? 0 : gradients.reduce((sum, one) => sum + one.instability, 0) / rows;
}

/** The backend says so, or all of many logits are numbers of 16 bits. */
function precision({ outputs }: Measurements): RobustnessCheck {
  const logits = outputs.reduce((sum, one) => sum + one.logits, 0);
  const half = outputs.reduce((sum, one) => sum + one.halfLogits, 0);
  const isHalf = backend().floatPrecision() === 16 || (logits >= 16 && half === logits);
  return made('low-precision', isHalf ? 16 : 32, 32, isHalf);
}

/** AutoAttack and APGD-T take the targeted form. */
function fewClasses(attacks: CheckAttacks, classes: number): RobustnessCheck {
  const needed = attacksOf(attacks).map(({ name, definition }) => {
    if (/^(apgd-t|autoattack)$/.test(name)) return 4;
    return /dlr/.test(`${name} ${definition.loss?.name ?? ''}`) ? 3 : 0;
  });
  const most = Math.max(...needed);
  return most === 0 ? untested('too-few-classes', classes) : made('too-few-classes', classes, most, classes < most);
}
