import { figure, type Figure } from '@advrob/core/figure';
import type { MeanLogitMap } from '../compare/mean-logit-map.js';

/** Mean non-max logits by predicted class, one C x C map per model. */
export function meanLogitHeatMap(
  maps: Readonly<Record<string, MeanLogitMap>>,
  nameOf: (label: number) => string,
): Figure {
  const rows = Object.entries(maps).flatMap(([model, { means }]) =>
    means.flatMap((mean, predicted) =>
      (mean ?? []).flatMap((value, k) =>
        k === predicted ? [] : [{ model, predicted: nameOf(predicted), class: nameOf(k), logit: value }],
      ),
    ),
  );
  const classes = Object.values(maps)[0]!.means.map((_, k) => nameOf(k));
  const isShort = classes.every((name) => name.length <= 2);
  const models = Object.keys(maps);
  const axis = { type: 'nominal', sort: classes };
  return figure(
    {
      id: 'mean-non-max-logits',
      title: 'Mean logits of the classes that are not predicted',
      columns: { model: 'Model', predicted: 'Predicted class', class: 'Other class', logit: 'Mean logit' },
      rows,
    },
    {
      caption:
        'For the examples predicted as the class of a row: the mean logit of every other class. Bright cells of a row are the classes that it is mistaken for; the predicted class itself is left out.',
      alt: `Heat maps of mean non-max logits of ${models.join(' and ')}, ${classes.length} by ${classes.length} classes.`,
    },
    {
      width: 260,
      height: 260,
      mark: 'rect',
      encoding: {
        x: { ...axis, field: 'class', axis: { title: 'Other class', ...(isShort && { labelAngle: 0 }) } },
        y: { ...axis, field: 'predicted', axis: { title: 'Predicted class' } },
        color: { field: 'logit', type: 'quantitative', title: 'Mean logit', scale: { scheme: 'viridis' } },
        column: { field: 'model', type: 'nominal', title: null, sort: models },
      },
      resolve: { scale: { color: 'independent' } },
    },
  );
}
