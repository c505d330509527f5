import type { Json } from '@advrob/core';
import { differencesOf, identifyBackend, identifyData, identifyModel, identifyValue } from '@advrob/core/identity';
import { fingerprintFormat, type Fingerprint } from '../journal/fingerprint.js';
import type { EvaluateOptions } from './options.js';
import type { JournalLine } from './outcome.js';
import type { Plan, Run } from './plan.js';

/** What an evaluation and its continuation must share; one with more runs goes on, too. */
export async function fingerprintOf(plan: Plan, options: EvaluateOptions): Promise<Fingerprint> {
  const { batchSize, seed, attackOn, samples, saveAdversarial, runs } = plan;
  const known = new Map<Run['entry'], Json>();
  for (const { entry } of runs) if (!known.has(entry)) known.set(entry, await describeEntry(entry));
  const certifiers = await plan.certifiers?.describe(plan.certificates, identifyValue);
  return {
    format: fingerprintFormat,
    backend: identifyBackend(),
    model: await identifyModel(options.model, options.modelHash),
    data: identifyData(options.data),
    batchSize,
    seed,
    attackOn,
    samples,
    ...(saveAdversarial && { saveAdversarial }),
    ...(options.config !== undefined && { config: options.config }),
    ...(certifiers && { certifiers }),
    attacks: runs.map(({ entry, label, norm, epsilon, epsilons }) => ({
      label,
      ...(known.get(entry) as Fingerprint),
      norm,
      epsilon: epsilon === Infinity ? 'Infinity' : epsilon,
      ...(entry.attack.definition.budget === 'minimal' && { epsilons }),
    })),
  };
}

async function describeEntry({ attack, restarts = 1, loss }: Run['entry']): Promise<Fingerprint> {
  return {
    ...((await identifyValue(attack)) as Fingerprint),
    restarts,
    loss: loss === undefined ? 'default' : await identifyValue(loss),
  };
}

/**
 * How the lines of an evaluation with fewer runs are read in this one, where it has all of its
 * runs and certifiers in the same order; undefined where the two differ in anything else. A line becomes undefined
 * when what it holds has to be computed anew: where an attack depends on those before it, and where
 * files are named by the place of the run, only the first runs are kept.
 */
export function continuationOf(
  { attacks: before, certifiers: certifiersBefore = [], ...others }: Fingerprint,
  { attacks: after, certifiers: certifiersAfter = [], ...same }: Fingerprint,
  plan: Plan,
): ((line: JournalLine) => JournalLine | undefined) | undefined {
  if (!Array.isArray(before) || differencesOf(others, same).length > 0) return undefined;
  const runs = placesIn(before as Json[], after as Json[]);
  const certificates = placesIn(certifiersBefore as Json[], certifiersAfter as Json[]);
  if (runs === undefined || certificates === undefined) return undefined;
  // A new certificate in another norm may contradict a point of which only the distance in its own is kept.
  const newNorms = plan.certificates.flatMap(({ norm, statement: { kind, of } }, i) =>
    kind === 'deterministic' && of === 'model' && !certificates.includes(i) ? [norm] : [],
  );
  const onlyFirst = plan.attackOn === 'survivors' || plan.saveAdversarial;
  return (line) => {
    if (line.type === 'clean') return line;
    if (line.type === 'certificate') {
      const place = certificates[line.run];
      return place === undefined ? undefined : { ...line, run: place };
    }
    const run = runs[line.run];
    if (run === undefined || newNorms.some((norm) => norm !== plan.runs[run]!.norm)) return undefined;
    if (onlyFirst && run !== line.run) return undefined;
    // The points of the largest epsilon are kept for the report, which may be another one now.
    const kept = plan.runs[run]!.isSampled ? line.outcome.kept : [];
    return { ...line, run, outcome: { ...line.outcome, kept } };
  };
}

/** Where each entry of a list stands in a longer one of the same order; undefined for one that is not there. */
function placesIn(list: readonly Json[], longer: readonly Json[]): number[] | undefined {
  const texts = longer.map((entry) => JSON.stringify(entry));
  const places: number[] = [];
  for (const entry of list) {
    const place = texts.indexOf(JSON.stringify(entry), (places.at(-1) ?? -1) + 1);
    if (place < 0) return undefined;
    places.push(place);
  }
  return places;
}
