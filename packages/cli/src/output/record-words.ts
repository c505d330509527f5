import type { RunRecord } from '@advrob/evaluation';
import { recordTable } from './record-table.js';

/**
 * A record for a terminal, in paragraphs: the table of its models, findings of the checks, what became of saved examples, and what the analyses found.
 */
export function recordText(record: RunRecord): string[] {
  const paragraphs = [findings(record), saved(record), ...record.analyses.map(analysed)];
  return [
    ...(record.models.length > 0 ? [recordTable(record)] : []),
    ...paragraphs.filter((lines) => lines.length > 0).map((lines) => lines.join('\n')),
  ];
}

/** Without sentences of its own an analysis has its tables and figures in the report. */
function analysed({ id, models, findings: sentences, tables, figures }: RunRecord['analyses'][number]): string[] {
  const names = [...new Set(Object.values(models).map(({ name }) => name))];
  const elsewhere = `${tables.length} tables and ${figures.length} figures are in the report`;
  return [
    `Analysis ${id}${names.length > 0 ? ` of ${names.join(', ')}` : ''}:`,
    ...(sentences.length > 0 ? sentences : [elsewhere]).map((sentence) => `  ${sentence}`),
  ];
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
