import { AdvrobError, type Json, type Verdict } from '@advrob/core';
import { binomialQuantile, meanOf } from '@advrob/core/statistics';
import type { ExampleRecord } from '../../record/example.js';
import type { ModelResult } from '../../record/model-result.js';
import { proportionOf } from '../../statistics/proportion.js';
import { certifiedReach } from './certify.js';
import { isFooled, isRight, judgeBatch } from '../judge.js';
import { curveOf } from '../minimal-norm.js';
import type { BatchOutcome } from '../outcome.js';
import type { CertificateRun, PlannedRuns } from './types.js';

type CertificateResult = NonNullable<ModelResult['certificates']>[number];
type RobustBounds = NonNullable<ModelResult['bounds']>[number];
type Example = readonly [outcome: BatchOutcome, row: number];

/** With this chance the share of a data set that is said to be certified is so. */
const sureness = 0.999;

/** What certifiers found, and what they and the attacks say together; nothing without certifiers. */
export function summarizeCertificates(
  plan: PlannedRuns,
  outcomes: readonly BatchOutcome[],
  /** Of each run. */
  settings: readonly Json[],
): Pick<ModelResult, 'certificates' | 'bounds'> {
  const { certificates } = plan;
  const examples = outcomes.flatMap((outcome) => outcome.clean!.labels.map((_, row): Example => [outcome, row]));
  const norms = unique(certificates.flatMap((run) => (isOfModel(run) ? [run.norm] : [])));
  const bounds = norms.flatMap((norm) => boundsOf(plan, norm, outcomes, examples));
  return {
    certificates: unique(certificates.map(({ label }) => label)).map((label) =>
      certificateOf(plan, label, examples, settings),
    ),
    ...(bounds.length > 0 && { bounds }),
  };
}

function certificateOf(
  { certificates }: PlannedRuns,
  label: string,
  examples: readonly Example[],
  settings: readonly Json[],
): CertificateResult {
  const places = certificates.flatMap((run, place) => (run.label === label ? [place] : []));
  const { entry, norm, statement, epsilon } = certificates[places[0]!]!;
  const passes = places.flatMap((place) => passesOf(examples, place));
  const total = examples.length;
  const wrong = statement.alpha === undefined ? undefined : binomialQuantile(total, statement.alpha, sureness);
  return {
    label,
    certifier: entry.certifier.name,
    options: (settings[places[0]!] as { options: CertificateResult['options'] }).options,
    norm,
    statement: { ...statement },
    points: places.flatMap((place) =>
      certificates[place]!.epsilons.map((radius) => {
        const verdicts = examples.map((example) => verdictOf(certificates[place]!, place, radius, example));
        const count = (wanted: Verdict): number => verdicts.filter((verdict) => verdict === wanted).length;
        const certified = count('certified');
        return {
          epsilon: radius,
          certified: proportionOf(certified, total),
          ...(wrong !== undefined && { atLeast: Math.max(0, certified - wrong) / total }),
          falsified: count('falsified'),
          open: count('open'),
        };
      }),
    ),
    ...(epsilon === Infinity && { radii: radiiOf(places[0]!, examples) }),
    meanPasses: passes.length === 0 ? 0 : meanOf(passes),
  };
}

/** What certifier number `place` says of an example at an epsilon. */
function verdictOf(run: CertificateRun, place: number, epsilon: number, [outcome, row]: Example): Verdict {
  const { rows, verdict, radius, prediction } = outcome.certificates[place]!;
  const at = rows.indexOf(row);
  // It was not asked where the model itself is wrong.
  if (at < 0) return 'falsified';
  if (radius === undefined) return verdict[at]!;
  if (prediction[at] !== outcome.clean!.labels[row]) return verdict[at]!;
  return (radius[at] ?? Infinity) >= epsilon ? 'certified' : verdict[at] === 'falsified' ? 'falsified' : 'open';
}

function passesOf(examples: readonly Example[], place: number): number[] {
  return examples.flatMap(([{ certificates }, row]) => {
    const { rows, passes } = certificates[place]!;
    const at = rows.indexOf(row);
    return at < 0 ? [] : [passes[at]!];
  });
}

/** Of radii without an end, which have no mean, it is null. */
function radiiOf(place: number, examples: readonly Example[]): NonNullable<CertificateResult['radii']> {
  const radii = examples.map(([{ certificates, clean }, row]) => {
    const { rows, radius, prediction } = certificates[place]!;
    const at = rows.indexOf(row);
    return at < 0 || prediction[at] !== clean!.labels[row] ? 0 : (radius![at] ?? Infinity);
  });
  const right = radii.filter((radius) => radius > 0).sort((a, b) => a - b);
  const average = meanOf(radii);
  return {
    average: average < Infinity ? average : null,
    curve: curveOf(
      right.filter((radius) => radius < Infinity),
      right.length,
      examples.length,
    ),
  };
}

function boundsOf(
  plan: PlannedRuns,
  norm: CertificateRun['norm'],
  outcomes: readonly BatchOutcome[],
  examples: readonly Example[],
): RobustBounds[] {
  const { certificates, judgements } = plan;
  const own = certificates.flatMap((run, place) => (run.norm === norm && isOfModel(run) ? [place] : []));
  const judged = new Map(outcomes.map((outcome) => [outcome, judgeBatch(judgements, outcome).attacks]));
  const epsilons = unique(own.flatMap((place) => certificates[place]!.epsilons)).sort((a, b) => a - b);
  if (epsilons.length === 0) return [];
  const points = epsilons.map((epsilon) => {
    const attacks = judgements.flatMap((other, i) => (other.norm === norm && other.epsilon <= epsilon ? [i] : []));
    const isCertified = ([outcome, row]: Example): boolean =>
      own.some((place) => certifiedReach(certificates[place]!, outcome.certificates[place]!, row) >= epsilon);
    const isStanding = (example: Example): boolean => {
      const [outcome, row] = example;
      const isFalsified = own.some(
        (place) =>
          certificates[place]!.epsilon <= epsilon &&
          verdictOf(certificates[place]!, place, certificates[place]!.epsilon, example) === 'falsified',
      );
      return (
        isRight(outcome.clean!, row) && !isFalsified && !attacks.some((i) => isFooled(judged.get(outcome)![i]!, row))
      );
    };
    const certified = examples.filter(isCertified);
    const standing = examples.filter(isStanding);
    return {
      epsilon,
      certified: proportionOf(certified.length, examples.length),
      attacked: proportionOf(standing.length, examples.length),
      open: standing.length - certified.length,
    };
  });
  return [{ norm, points }];
}

/** What certifiers say of one example. `attacks` is what it underwent. */
export function certificatesOfExample(
  { certificates }: PlannedRuns,
  outcome: BatchOutcome,
  row: number,
  attacks: ExampleRecord['attacks'],
): NonNullable<ExampleRecord['certificates']> {
  return certificates.flatMap((run, place) => {
    const { rows, prediction, radius } = outcome.certificates[place]!;
    const at = rows.indexOf(row);
    const epsilons = run.epsilons.length > 0 ? run.epsilons : [run.epsilon];
    return epsilons.map((epsilon) => {
      const own = verdictOf(run, place, epsilon, [outcome, row]);
      const hit = attacks.find((one) => one.success && one.norm === run.norm && one.epsilon <= epsilon);
      const byAttack = isOfModel(run) ? (at < 0 ? 'clean' : (hit?.attack ?? null)) : null;
      const falsifiedBy = byAttack ?? (own === 'falsified' ? run.label : null);
      return {
        certifier: run.label,
        norm: run.norm,
        epsilon: epsilon < Infinity ? epsilon : null,
        verdict: falsifiedBy === null ? own : ('falsified' as const),
        falsifiedBy,
        prediction: prediction[at] ?? outcome.clean!.predictions[row]!,
        ...(radius && at >= 0 && { radius: radius[at]! }),
      };
    });
  });
}

/**
 * @throws AdvrobError `ADVROB_CERTIFICATE_BROKEN` when one certifier has falsified what another one has
 *   certified.
 */
export function checkAgreement({ certificates }: PlannedRuns, outcome: BatchOutcome): void {
  for (const [place, run] of certificates.entries()) {
    const found = outcome.certificates[place];
    if (found === undefined || !isOfModel(run)) continue;
    for (const [at, row] of found.rows.entries()) {
      if (found.verdict[at] !== 'falsified') continue;
      const other = certificates.find(
        (each, i) =>
          outcome.certificates[i] !== undefined &&
          each.norm === run.norm &&
          certifiedReach(each, outcome.certificates[i]!, row) >= run.epsilon,
      );
      if (other)
        throw new AdvrobError(
          'ADVROB_CERTIFICATE_BROKEN',
          `certifier '${run.label}' falsified example ${outcome.clean!.ids[row]!} at ${run.norm} ${run.epsilon}, where certifier '${other.label}' certified it: one of the two is wrong; report it with the model`,
        );
    }
  }
}

function isOfModel({ statement }: CertificateRun): boolean {
  return statement.kind === 'deterministic' && statement.of === 'model';
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
