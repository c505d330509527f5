import type { ModelResult } from '../record/model-result.js';
import type { AttackOutcome, BatchOutcome } from '../run/outcome.js';
import type { Judgement } from '../run/plan.js';

type Saved = NonNullable<ModelResult['attacks'][number]['points'][number]['saved']>;

/** What became of the saved adversarial examples of one attack at one epsilon; undefined when none were saved. `judged` has one outcome per batch. */
export function savedExamples(
  { epsilon }: Judgement,
  judged: readonly AttackOutcome[],
  outcomes: readonly BatchOutcome[],
): Saved | undefined {
  if (outcomes.length === 0 || judged.some(({ saved }) => saved === undefined)) return undefined;
  const counts = { examples: 0, confirmed: 0, quantized: 0, quantizedInside: 0 };
  for (const { saved, success } of judged)
    saved!.places.forEach((place, i) => {
      if (!success[place]) return;
      counts.examples++;
      counts.confirmed += saved!.confirmed[i]!;
      counts.quantized += saved!.quantized[i]!;
      // float32 values of the two points: their distance is known to about 1e-6 of it.
      if (saved!.quantized[i] && saved!.quantizedDistance[i]! <= epsilon * (1 + 1e-6)) counts.quantizedInside++;
    });
  return counts;
}
