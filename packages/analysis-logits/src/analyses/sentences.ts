import { shortNumber } from '../figures/histograms.js';
import type { StudentBar } from '../figures/student-bars.js';
import type { StatisticsByInputs } from './inputs.js';

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
const over = (value: number, reference: number): string =>
  reference > 0 ? ` (${shortNumber(value / reference)} times as large)` : '';

/** What the distributions of one model say. */
export function statisticsSentences(statistics: StatisticsByInputs): string[] {
  return Object.entries(statistics).map(([inputs, { measures, accuracy }]) => {
    const { centredMax, gap, confidence } = measures;
    return `On ${inputs} inputs it classifies ${percent(accuracy)} rightly with mean confidence ${percent(confidence.mean)}; mean centred max logit ${shortNumber(centredMax.mean)}, mean gap ${shortNumber(gap.mean)}.`;
  });
}

/** What stands out between a standard and a robust model. */
export function comparisonSentences(
  { standard, robust }: { readonly standard: StatisticsByInputs; readonly robust: StatisticsByInputs },
  { spearman, bothCorrect }: { readonly spearman: number | null; readonly bothCorrect: number },
  ordering: { readonly meanTau: number | null } | null,
): string[] {
  const [st, at] = [standard['clean']!.measures, robust['clean']!.measures];
  return [
    `On clean inputs the mean centred max logit is ${shortNumber(st.centredMax.mean)} for the standard and ${shortNumber(at.centredMax.mean)} for the robust model${over(at.centredMax.mean, st.centredMax.mean)}, the mean gap ${shortNumber(st.gap.mean)} and ${shortNumber(at.gap.mean)}${over(at.gap.mean, st.gap.mean)}.`,
    `Spearman's rho of their confidences is ${shortNumber(spearman)}: at 1 both would be confident of the same examples. Both classify ${bothCorrect} of ${standard['clean']!.examples} rightly.`,
    ...(ordering?.meanTau === null || ordering === null
      ? []
      : [
          `Kendall's tau of the order of the classes that neither predicts is ${shortNumber(ordering.meanTau)} on average.`,
        ]),
  ];
}

/** What a student is left with. */
export function distillationSentences(
  arms: readonly (StudentBar & { readonly clean: { readonly rate: number } })[],
): string[] {
  return arms.map(({ arm, clean, points }) => {
    const last = points.at(-1)!;
    return `${arm}: ${percent(clean.rate)} clean, ${percent(last.worst.rate)} at epsilon ${Number(last.epsilon.toPrecision(3))}.`;
  });
}
