import type { TrainingEvent } from '@advrob/training';
import { bar, clock, type ProgressLine } from './progress.js';

/** Follows a training run by its events; asks the backend for nothing. */
export function followTraining(name: string, progress: ProgressLine): (event: TrainingEvent) => void {
  let begun = performance.now();
  let first = 0;
  let loss = '';
  return (event) => {
    if (event.type === 'start') {
      begun = performance.now();
      first = event.step;
      if (event.resumed) progress.end(`${name}: goes on at step ${event.step} of ${event.steps}`);
    } else if (event.type === 'metrics') loss = `  loss ${event.loss['total']!.toFixed(3)}`;
    else if (event.type === 'validation')
      loss = `${loss.split('  validation')[0]}  validation ${(100 * event.score).toFixed(1)}%`;
    else if (event.type === 'step')
      progress.update(() => {
        const seconds = (performance.now() - begun) / 1000;
        const rate = (event.step - first) / seconds;
        const left = rate > 0 ? `  ${rate.toFixed(1)} steps/s  ${clock((event.steps - event.step) / rate)} left` : '';
        return `${name}: training ${bar(event.step / event.steps)} ${event.step}/${event.steps}${loss}${left}`;
      });
    else if (event.type === 'end')
      progress.end(`${name}: trained ${event.step} steps in ${clock((performance.now() - begun) / 1000)}${loss}`);
  };
}
