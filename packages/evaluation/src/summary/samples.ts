import type { ModelResult } from '../record/model-result.js';
import type { BatchOutcome, KeptImage } from '../run/outcome.js';
import type { Plan } from '../run/plan.js';
import { isFooled } from './examples.js';

/** The kept examples, with what each attack made of them. */
export function samplesOf(plan: Plan, outcomes: readonly BatchOutcome[]): ModelResult['samples'] {
  return outcomes.flatMap((outcome) => {
    const clean = outcome.clean!;
    return clean.kept.map((kept, row) => ({
      index: clean.ids[row]!,
      label: clean.labels[row]!,
      clean: withoutPosition(kept),
      attacked: outcome.attacks.flatMap((attack, i) => {
        const { label, norm, epsilon } = plan.runs[i]!;
        const shown = attack.kept.find(({ position }) => position === kept.position);
        return shown
          ? [
              {
                ...withoutPosition(shown),
                attack: label,
                norm,
                epsilon: epsilon === Infinity ? null : epsilon,
                success: isFooled(attack, row),
              },
            ]
          : [];
      }),
    }));
  });
}

function withoutPosition({ position: _, ...shown }: KeptImage): Omit<KeptImage, 'position'> {
  return shown;
}
