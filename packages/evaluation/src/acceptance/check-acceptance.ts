import type { RecordedModel, RunRecord } from '../record/record.js';

/** What a comparison of standard and robust training must show. Rates from 0 to 1. */
export interface AcceptanceBounds {
  /** The standard model: at least this clean accuracy, default 0.97, and less than this robust accuracy, default 0.1. */
  readonly standard?: { readonly clean?: number; readonly robust?: number };
  /** The robust model: at least this clean accuracy, default 0.9, and at least this robust accuracy, default 0.6. */
  readonly robust?: { readonly clean?: number; readonly robust?: number };
  /** Default 500. */
  readonly minExamples?: number;
  /** Steps of the attack. Default 40. */
  readonly minSteps?: number;
  /** Epsilon of the attack. Default 0, so that any will do. */
  readonly minEpsilon?: number;
}

/** Who is judged by what: names of models and the label of an attack in the record. */
export interface AcceptanceSubjects {
  /** Default `standard`. */
  readonly standard?: string;
  /** Default `pgd-at`. */
  readonly robust?: string;
  /** Default `pgd`. */
  readonly attack?: string;
  /** The epsilon at which both are judged. Default: the largest. */
  readonly epsilon?: number;
}

export interface Acceptance {
  readonly passed: boolean;
  /** A sentence for everything that is missing. */
  readonly problems: readonly string[];
}

/**
 * Whether a record shows what robust training buys: an accurate standard model that the attack breaks beside a model that is accurate and withstands it.
 * Both numbers of both models are judged on the same examples: a classifier that always says the same withstands everything, and fails here.
 */
export function checkAcceptance(
  record: RunRecord,
  subjects: AcceptanceSubjects = {},
  bounds: AcceptanceBounds = {},
): Acceptance {
  const { standard = 'standard', robust = 'pgd-at', attack: label = 'pgd', epsilon } = subjects;
  const attack = { label, ...(epsilon !== undefined && { epsilon }) };
  const problems = [
    ...judge(record, standard, attack, bounds, (clean, withstood) => [
      atLeast(`clean accuracy of '${standard}'`, clean, bounds.standard?.clean ?? 0.97),
      below(`robust accuracy of '${standard}' under '${label}'`, withstood, bounds.standard?.robust ?? 0.1),
    ]),
    ...judge(record, robust, attack, bounds, (clean, withstood) => [
      atLeast(`clean accuracy of '${robust}'`, clean, bounds.robust?.clean ?? 0.9),
      atLeast(`robust accuracy of '${robust}' under '${label}'`, withstood, bounds.robust?.robust ?? 0.6),
    ]),
    ...sameSetting(find(record, standard), find(record, robust)),
  ];
  return { passed: problems.length === 0, problems };
}

function judge(
  record: RunRecord,
  name: string,
  { label, epsilon }: { readonly label: string; readonly epsilon?: number },
  bounds: AcceptanceBounds,
  rates: (clean: number, withstood: number) => (string | undefined)[],
): string[] {
  const model = find(record, name);
  if (!model)
    return [`expected a model '${name}', found ${record.models.map((other) => `'${other.name}'`).join(', ')}`];
  const attack = model.attacks.find((other) => other.label === label);
  const point =
    epsilon === undefined ? attack?.points.at(-1) : attack?.points.find((other) => other.epsilon === epsilon);
  if (!attack || !point)
    return [`model '${name}' was not attacked by '${label}'${epsilon === undefined ? '' : ` at epsilon ${epsilon}`}`];
  const { minExamples = 500, minSteps = 40, minEpsilon = 0 } = bounds;
  const steps = (attack.options as { steps?: number } | null)?.steps ?? 1;
  return [
    point.robust.total < minExamples
      ? `model '${name}' was judged on ${point.robust.total} examples, expected at least ${minExamples}`
      : undefined,
    steps < minSteps ? `'${label}' made ${steps} steps, expected at least ${minSteps}` : undefined,
    point.epsilon < minEpsilon ? `'${label}' had epsilon ${point.epsilon}, expected at least ${minEpsilon}` : undefined,
    ...rates(model.clean.rate, point.robust.rate),
  ].filter((problem) => problem !== undefined);
}

/** One architecture and one threat for both, or their numbers say nothing about training. */
function sameSetting(first: RecordedModel | undefined, second: RecordedModel | undefined): string[] {
  if (!first || !second) return [];
  const setting = (model: RecordedModel): string =>
    JSON.stringify([
      model.architecture,
      model.attacks.map(({ points, ...attack }) => [attack, points.at(-1)?.epsilon]),
    ]);
  return setting(first) === setting(second)
    ? []
    : [
        `'${first.name}' and '${second.name}' differ in architecture or in the attacks on them, so they cannot be compared`,
      ];
}

function find(record: RunRecord, name: string): RecordedModel | undefined {
  return record.models.find((model) => model.name === name);
}

function atLeast(what: string, found: number, bound: number): string | undefined {
  return found >= bound ? undefined : `${what} is ${percent(found)}, expected at least ${percent(bound)}`;
}

function below(what: string, found: number, bound: number): string | undefined {
  return found < bound ? undefined : `${what} is ${percent(found)}, expected less than ${percent(bound)}`;
}

function percent(rate: number): string {
  return `${(100 * rate).toFixed(1)}%`;
}
