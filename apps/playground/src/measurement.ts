import { courseTable, curveSvg, legend, type Course } from './curve.js';
import { byId, input, select } from './page.js';
import { ranges } from './plan-controls.js';
import type { Measured, Plan } from './protocol.js';
import { normWords, percent } from './results.js';

/** What is measured, and how. */
export interface Measure {
  readonly plan: Plan;
  readonly count: number;
  readonly epsilons: readonly number[];
  readonly models: readonly string[];
}

/** Robust accuracy of both models over some digits. */
export interface Measurement {
  isRunning(): boolean;
  /** Whether a number is that of the running measurement. */
  is(job: number | undefined): boolean;
  show(result: Measured): void;
  end(): void;
}

/** Radii between which the curve is drawn. */
const parts = 6;

/**
 * @param wanted - What to measure at a click; words where it cannot be.
 * @param run - Sends it, and gives its number.
 */
export function createMeasurement(
  wanted: () => { plan: Plan; models: readonly string[]; titles: readonly string[] } | string,
  run: (measure: Measure) => number,
): Measurement {
  let job: number | undefined;
  let asked: (Measure & { titles: readonly string[] }) | undefined;
  let found: (Measured | undefined)[] = [];

  byId('measure').addEventListener('click', () => {
    const subject = wanted();
    if (typeof subject === 'string') return void (byId('measure-words').textContent = subject);
    const { norm, epsilon, attack } = subject.plan;
    const grid = Array.from({ length: parts + 1 }, (_, i) => Number(((ranges[norm][0] * i) / parts).toFixed(4)));
    const epsilons = [...new Set([...grid, epsilon])].sort((a, b) => a - b);
    asked = { ...subject, count: Number(select('count').value), epsilons };
    found = [undefined, undefined];
    const { titles: _, ...measure } = asked;
    job = run(measure);
    byId('measure-progress').hidden = false;
    input('measure').disabled = true;
    byId('measure-words').textContent = `Measuring with ${attack}…`;
  });

  return {
    isRunning: () => job !== undefined,
    is: (number) => job !== undefined && number === job,
    show(result) {
      const { plan, count, titles } = asked!;
      found[result.side] = result;
      const done = found.reduce((sum, each) => sum + (each?.done ?? 0), 0);
      byId<HTMLProgressElement>('measure-progress').value = done / (2 * count);
      const courses: Course[] = found.flatMap((each) => (each ? [{ ...each, title: titles[each.side]! }] : []));
      byId('curve').hidden = false;
      byId('curve').innerHTML = legend(courses) + curveSvg(courses, plan.norm, plan.epsilon);
      byId('measure-table').hidden = false;
      byId('measure-table').querySelector('.scroll')!.innerHTML = courseTable(courses, plan.norm);
    },
    end() {
      job = undefined;
      byId('measure-progress').hidden = true;
      input('measure').disabled = false;
      const isWhole = found.every((each) => each?.done === asked?.count);
      byId('measure-words').textContent = isWhole
        ? summaryOf(asked!, found as Measured[])
        : 'Ended before all digits were attacked.';
    },
  };
}

function summaryOf({ plan, titles }: Measure & { titles: readonly string[] }, found: readonly Measured[]): string {
  const { attack, norm, epsilon } = plan;
  const words = found.map(({ points, side }) => {
    const { rate, low, high } = points.find((point) => point.epsilon === epsilon)!;
    return `${titles[side]!} ${percent(rate)} (${percent(low)} to ${percent(high)})`;
  });
  return `Robust accuracy under ${attack} at ${normWords[norm]} ${epsilon}, on ${found[0]!.done} digits, with 95% intervals: ${words.join('; ')}.`;
}
