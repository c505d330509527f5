import type { EvaluationProgress } from '@advrob/evaluation';
import { bar, clock, percent, type ProgressLine } from './progress.js';

/** Follows an evaluation: what is at work, the running robust accuracy, rate and time left. */
export function followEvaluation(name: string, progress: ProgressLine): (state: EvaluationProgress) => void {
  return (state) =>
    progress.update(() => {
      const { phase, attack, fraction, robust, secondsLeft } = state;
      const what =
        phase === 'clean' || attack === undefined
          ? 'clean'
          : `${attack.label} ${attack.norm} ${Number(attack.epsilon.toPrecision(3))}`;
      const running = robust.total > 0 ? `  robust ${percent(robust.count / robust.total, 1)} of ${robust.total}` : '';
      const left = secondsLeft === undefined ? '' : `  ${clock(secondsLeft)} left`;
      return `${name}: ${what} ${bar(fraction)} ${percent(fraction)}${running}${left}`;
    });
}
