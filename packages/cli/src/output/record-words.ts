import type { RunRecord } from '@advrob/evaluation';

/** What stands below the table of a record: findings of the checks, and what became of saved examples. Paragraphs, none when there is nothing to say. */
export function recordWords(record: RunRecord): string[] {
  const paragraphs = [findings(record), saved(record)];
  return paragraphs.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
}

function findings({ checks }: RunRecord): string[] {
  const found = checks.filter(({ severity }) => severity === 'serious' || severity === 'warning');
  if (found.length === 0)
    return checks.length === 0 ? [] : ['Checks for false robustness: nothing was found (no proof of robustness).'];
  return [
    'Checks for false robustness speak up; the report says what each means:',
    ...found.map(({ model, severity, kind, question }) => `  ${model}: ${question} Yes. (${severity} ${kind})`),
  ];
}

function saved({ models }: RunRecord): string[] {
  const lines = models.flatMap(({ name, attacks }) =>
    attacks.flatMap(({ label, points }) => {
      const point = points.at(-1);
      if (point?.saved === undefined) return [];
      const { examples, confirmed, quantized, quantizedInside } = point.saved;
      return [
        `  ${name}, ${label}: ${confirmed} of ${examples} as loaded in float32; after rounding to 8 bits ${quantized}, ${quantizedInside} of them inside the ball`,
      ];
    }),
  );
  return lines.length === 0 ? [] : ['Saved adversarial examples that fool the model:', ...lines];
}
