import { pgd } from '@advrob/attacks';
import type { AnalysisContext, AnalysisSubject, Classifier } from '@advrob/core';
import { attackLoss } from '@advrob/core/losses';
import * as z from 'zod';
import type { CollectOptions } from '../collect.js';
import { checkSubject } from '../collect.js';
import { logitStatistics, type LogitStatistics } from '../logit-statistics.js';
import { commonBins } from '../statistics/dyadic-histogram.js';

/** Options that the analyses of logits share. */
export const inputFields = {
  attackSteps: z
    .int()
    .min(0)
    .default(20)
    .describe('steps of PGD for the adversarial inputs, on the threat of the run; 0: clean inputs alone'),
  attackLoss: z.enum(['ce', 'margin']).default('ce').describe('what PGD ascends'),
  bins: z.int().min(4).max(512).default(48).describe('most bins of a drawn histogram'),
  batchSize: z.int().min(1).default(128).describe('examples per batch'),
  seed: z.int().min(0).default(0).describe('of the starts of PGD'),
};
export type InputOptions = z.output<z.ZodObject<typeof inputFields>>;

/** Statistics by kind of inputs: `clean`, and `adversarial` unless that is switched off. */
export type StatisticsByInputs = { readonly [inputs: string]: LogitStatistics };

type Site = Pick<AnalysisContext<string>, 'data' | 'threat' | 'signal' | 'memo'>;

/** @throws AdvrobError for models that do not fit the data, and for no threat where one is needed. */
export function checkInputs(
  subject: AnalysisSubject<string>,
  { attackSteps }: Pick<InputOptions, 'attackSteps'>,
): void {
  for (const [who, model] of Object.entries(subject.models)) checkSubject(model, subject.data, `model '${who}'`);
  if (attackSteps > 0) void subject.threat;
}

/** What collects the logits of one model in an analysis. */
export function collectOptions(
  who: string,
  { signal }: Pick<Site, 'signal'>,
  { batchSize }: InputOptions,
): CollectOptions {
  return { who: `model '${who}'`, batchSize, signal };
}

/** Statistics of one model on clean and adversarial inputs, each computed once. */
export async function statisticsOf(
  who: string,
  model: Classifier,
  site: Site,
  options: InputOptions,
): Promise<StatisticsByInputs> {
  const { data, threat, memo } = site;
  checkSubject(model, data, `model '${who}'`);
  const collect = collectOptions(who, site, options);
  const clean = await memo(`statistics/${who}/clean`, async () =>
    withBins(await logitStatistics(model, data, collect), options.bins),
  );
  if (options.attackSteps === 0) return { clean };
  const attack = pgd({ steps: options.attackSteps });
  const attacked = { ...collect, attack, loss: attackLoss(options.attackLoss), threat, seed: options.seed };
  const adversarial = await memo(`statistics/${who}/adversarial`, async () =>
    withBins(await logitStatistics(model, data, attacked), options.bins),
  );
  return { clean, adversarial };
}

/**
 * The same with histograms as coarse as they are drawn, for a record that people open; common bins
 * stay exact.
 */
function withBins(statistics: LogitStatistics, bins: number): LogitStatistics {
  const measures = Object.entries(statistics.measures).map(([name, measure]) => [
    name,
    { ...measure, histogram: commonBins([measure.histogram], bins)[0]! },
  ]);
  return { ...statistics, measures: Object.fromEntries(measures) as LogitStatistics['measures'] };
}
