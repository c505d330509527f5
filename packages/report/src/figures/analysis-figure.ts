import type { AnalysisResult } from '@advrob/evaluation';
import type { Figure } from './figure.js';
import { fitted } from './fit.js';

/** A figure that an analysis gave, as figures of the report are. */
export async function analysisFigure(
  { id: analysis }: Pick<AnalysisResult, 'id'>,
  { id, title, caption, alt, columns, rows, spec }: AnalysisResult['figures'][number],
): Promise<Figure> {
  const specs = { wide: await fitted(spec, 'wide'), narrow: await fitted(spec, 'narrow') };
  return { id: `${analysis}-${id}`, title, caption, alt, columns, rows, spec: (width) => specs[width] };
}
