import { AdvrobError, type Attack, type Classifier, type Dataset, type Norm, type Registry } from '@advrob/core';
import { checkRobustness, type CheckAttacks, type EvaluationAttack, type RobustnessCheck } from '@advrob/evaluation';
import { codeOf } from '../backend/environment.js';
import { defaultChecks, type CheckSettings } from '../config/evaluation-schema.js';
import { attackWork } from '../output/course.js';
import { fileStorage } from '../storage/files.js';
import { followShare, type ProgressLine } from '../output/progress.js';
import type { Output } from '../output/terminal.js';
import { makePart } from './parts.js';

/** A model of more weights is checked only when the config asks for it. */
const mostWeights = 1_000_000;

/** How many weights a model has. */
export function parametersOf({ weights }: Classifier): number {
  return Object.values(weights).reduce((sum, { size }) => sum + size, 0);
}

/**
 * What the config wants of checks for a model: undefined for none. Without a word about them they
 * are made where they are cheap and possible: no attack that ascends a loss step by step knows L0.
 */
export function wantedChecks(
  setting: boolean | CheckSettings | undefined,
  model: Classifier,
  norm: Norm,
): CheckSettings | undefined {
  if (typeof setting === 'object') return setting;
  const isSmall = parametersOf(model) <= mostWeights;
  return (setting ?? (isSmall && norm !== 'l0')) ? defaultChecks : undefined;
}

/** What the checks of a model stand on. */
interface ChecksOfModel {
  readonly id: string;
  readonly model: Classifier;
  readonly data: Dataset;
  /** Of the claim. */
  readonly threat: { readonly norm: Norm; readonly epsilon: number };
  readonly evaluated: readonly EvaluationAttack[];
  /** Models whose adversarial examples are tried on this one. */
  readonly surrogates: Readonly<Record<string, Classifier>>;
  readonly settings: CheckSettings;
  readonly seed: number;
  readonly folder: string;
  readonly registry: Registry;
  readonly signal: AbortSignal;
  readonly progress: ProgressLine;
  readonly output: Pick<Output, 'warn'>;
}

/**
 * Looks for signs that the robust accuracy of a model is too good to be true. What is measured is
 * kept in `checks.jsonl`.
 */
export async function checksOf(work: ChecksOfModel): Promise<readonly RobustnessCheck[]> {
  const { id, settings, progress, signal } = work;
  const follow = followShare(id, `checks of ${id}`, progress);
  const { checks } = await checkRobustness({
    model: work.model,
    data: work.data,
    threat: work.threat,
    attacks: attacksFor(work),
    surrogates: work.surrogates,
    examples: settings.examples,
    restarts: settings.restarts,
    seed: work.seed,
    storage: fileStorage(work.folder, (message) => work.output.warn([message])),
    config: codeOf(work.registry),
    signal,
    onProgress: ({ measurement, done, total, fraction, secondsLeft }) =>
      follow(`checks ${done + 1}/${total}, ${measurement}`, fraction, secondsLeft),
  });
  return checks;
}

/**
 * The attacks that are compared: the first of the evaluation that ascends a loss step by step in
 * the norm of the claim (else PGD), the same with three times the steps, and one attack each of a
 * single step, without gradients, and along another loss, as far as they know the norm.
 */
export function attacksFor({
  model,
  evaluated,
  threat,
  settings,
  registry,
}: Pick<ChecksOfModel, 'model' | 'evaluated' | 'threat' | 'settings' | 'registry'>): CheckAttacks {
  const make = (name: string, options: Record<string, unknown> = {}): Attack | undefined => {
    const { norms } = registry.find('attacks', name).definition as Attack['definition'];
    return norms.includes(threat.norm) ? makePart(registry, 'attacks', { name, options }) : undefined;
  };
  const found = evaluated.find(({ attack, norm }) => norm === threat.norm && isIterative(attack));
  const iterative = found?.attack ?? make('pgd');
  if (iterative === undefined)
    throw new AdvrobError(
      'ADVROB_CONFIG',
      `checks: none of the attacks follows gradients in ${threat.norm}: leave the checks out (checks: false)`,
    );
  const { steps } = iterative.options as { steps: number };
  const singleStep = make('fgsm');
  const blackBox = make('square', { queries: settings.queries });
  // The difference of logits ratio needs three classes.
  const other = make(model.numClasses < 3 ? 'apgd-ce' : 'apgd-dlr', { steps });
  return {
    iterative,
    longer: makePart(registry, 'attacks', {
      name: iterative.name,
      options: { ...(iterative.options as object), steps: 3 * steps },
    }),
    singleStep,
    blackBox,
    other,
  };
}

/** Attacks that ascend a loss step by step, with the number of steps as an option. */
const iterativeNames: readonly string[] = ['pgd', 'apgd-ce', 'mim', 'bim'];
/** Fewer steps are no search that could be stopped too early. */
const fewestSteps = 5;

function isIterative({ name, options }: Attack): boolean {
  return iterativeNames.includes(name) && (options as { steps: number }).steps >= fewestSteps;
}

/** What the checks take: their attacks, each as often as it is run, on the examples that they look at. */
export function checksWork(
  { evaluated, threat, settings, data }: Pick<ChecksOfModel, 'evaluated' | 'threat' | 'settings' | 'data'>,
  surrogates: number,
  share: number,
): number {
  const main = evaluated.find(({ attack, norm }) => norm === threat.norm && isIterative(attack))?.attack;
  const steps = main ? attackWork(main) : 40;
  // Path, the attack itself, three times the steps, another loss, three radii; twice for repetition.
  const calls = 10 + settings.restarts + surrogates;
  return Math.min(settings.examples, data.length) * share * (calls * steps + settings.queries / 3);
}
