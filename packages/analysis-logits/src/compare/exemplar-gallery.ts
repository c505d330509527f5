import type { Gallery } from '@advrob/core/figure';
import type { Exemplar, ExemplarGrid } from './exemplar-images.js';

type Grids = { readonly byConfidence: ExemplarGrid; readonly byRank: ExemplarGrid };
type Unpictured<G> = { readonly [side in keyof G]: readonly Omit<Exemplar, 'image'>[] };

/** The grids for a report: the most extreme examples of each side with what both models say of them. */
export function exemplarGallery(
  { byConfidence, byRank }: Grids,
  shape: readonly number[],
  bounds: readonly number[],
  nameOf: (label: number) => string,
): Gallery {
  const pictures = (exemplars: readonly Exemplar[], change: (exemplar: Exemplar) => string) =>
    exemplars.map((exemplar) => {
      const { image, id, label, standard, robust } = exemplar;
      const confidences = `${share(standard.confidence)} → ${share(robust.confidence)}`;
      return {
        image,
        alt: `Example ${id}, class ${nameOf(label)}`,
        lines: [nameOf(label), confidences, change(exemplar)],
      };
    });
  const points = ({ difference }: Exemplar): string => `${signed(100 * difference)} points`;
  const ranks = ({ rankDifference }: Exemplar): string => `rank ${signed(100 * rankDifference)}%`;
  return {
    id: 'exemplars',
    title: 'Examples on which the models differ most in confidence',
    caption:
      'Of the examples that both models classify rightly, those with the largest differences. Below each: the class, the confidence of the standard and of the robust model, and the difference. ' +
      'Ranks are blind to the robust model being less confident on the whole.',
    shape: [...shape],
    bounds: [...bounds],
    groups: [
      { title: 'The robust model is the more confident one', pictures: pictures(byConfidence.positive, points) },
      { title: 'The standard model is the more confident one', pictures: pictures(byConfidence.negative, points) },
      { title: 'Higher in the ranking of the robust model', pictures: pictures(byRank.positive, ranks) },
      { title: 'Higher in the ranking of the standard model', pictures: pictures(byRank.negative, ranks) },
    ],
  };
}

/** The grids without pixels, which the gallery has. */
export function withoutPictures({ byConfidence, byRank }: Grids): {
  readonly byConfidence: Unpictured<ExemplarGrid>;
  readonly byRank: Unpictured<ExemplarGrid>;
} {
  const strip = (exemplars: readonly Exemplar[]) => exemplars.map(({ image: _, ...exemplar }) => exemplar);
  const grid = ({ positive, negative }: ExemplarGrid) => ({ positive: strip(positive), negative: strip(negative) });
  return { byConfidence: grid(byConfidence), byRank: grid(byRank) };
}

function share(value: number): string {
  return value > 0.9995 ? '>99.9%' : `${(100 * value).toFixed(1)}%`;
}

function signed(value: number): string {
  const text = Math.abs(value).toFixed(1);
  return text === '0.0' ? text : `${value > 0 ? '+' : '−'}${text}`;
}
