import { AdvrobError, type AnalysisContext, type Classifier } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { resolveThreat } from '@advrob/core/threat';
import type { Memo } from '../resume/memo.js';
import type { AnalyzeOptions } from './analyze.js';

/** The context of an analysis. Data and threat that were not given are missed when the analysis asks for them: some need none. */
export function contextOf<Role extends string>(
  { analysis, models, data, threat, seed = 0, signal }: AnalyzeOptions<Role>,
  memo: Memo,
): AnalysisContext<Role> {
  const missing = (what: string, how: string): never => {
    throw new AdvrobError('ADVROB_ANALYSIS', `it needs ${what}, and none was given: ${how}`);
  };
  const bounds = Object.values<Classifier>(models)[0]?.bounds ?? data?.bounds;
  return {
    models,
    get data() {
      return data ?? missing('data', 'give a data set');
    },
    get threat() {
      if (threat === undefined || bounds === undefined)
        return missing('a threat on models or data', "give { norm: 'linf', epsilon: 0.1 }, and what it is for");
      return resolveThreat(threat, bounds);
    },
    rng: createRandom({ seed }),
    memo: (key, compute) => memo(`part ${key} of ${analysis.name}`, compute),
    ...(signal && { signal }),
  };
}
