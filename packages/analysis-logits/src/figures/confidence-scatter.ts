import { figure, type Figure } from '@advrob/core/figure';
import type { ConfidenceComparison } from '../compare/confidences.js';
import { shortNumber } from './histograms.js';

/**
 * Confidence of the robust model against that of the standard model, for the first `points`
 * examples.
 */
export function confidenceScatter(
  { standard, robust, bothCorrect, spearman }: ConfidenceComparison,
  points: number,
): Figure {
  const count = Math.min(points, bothCorrect.length);
  const rows = Array.from({ length: count }, (_, i) => ({
    standard: standard.confidences[i]!,
    robust: robust.confidences[i]!,
    correct: bothCorrect[i] ? 'both models' : 'not both',
  }));
  const axis = (who: string) => ({
    field: who,
    type: 'quantitative',
    scale: { domain: [0, 1] },
    axis: { title: `Confidence of the ${who} model` },
  });
  const rho = `Spearman's rho over all ${bothCorrect.length} examples: ${shortNumber(spearman)}`;
  return figure(
    {
      id: 'confidence-scatter',
      title: 'Confidence of both models, example by example',
      columns: { standard: 'Confidence, standard', robust: 'Confidence, robust', correct: 'Correct' },
      rows,
    },
    {
      caption: `One mark per example${count < bothCorrect.length ? ` for the first ${count}` : ''}; on the line both are equally confident. ${rho}.`,
      alt: `Scatter of the confidences of two models. ${rho}.`,
    },
    {
      width: 420,
      height: 420,
      layer: [
        {
          data: { values: [{ at: 0 }, { at: 1 }] },
          mark: { type: 'line', strokeDash: [4, 4], opacity: 0.6 },
          encoding: { x: { field: 'at', type: 'quantitative' }, y: { field: 'at', type: 'quantitative' } },
        },
        {
          mark: { type: 'point', opacity: 0.6 },
          encoding: {
            x: axis('standard'),
            y: axis('robust'),
            color: { field: 'correct', type: 'nominal', title: 'Correct' },
            shape: { field: 'correct', type: 'nominal', title: 'Correct' },
          },
        },
      ],
    },
  );
}
