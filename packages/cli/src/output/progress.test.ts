import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCourse } from './course.js';
import { createProgress, followEvaluation, followShare, progressLine } from './progress.js';

describe('a line of progress', () => {
  const left = { seconds: 100, isAll: true };
  const line = { name: 'resnet18', what: 'apgd-ce linf 0.0314', share: 0.25, more: 'robust 41.0% of 1200', left };

  it.each([60, 80, 200])('fits %i columns, and keeps share and time left', (columns) => {
    const text = progressLine(line, columns - 1);
    expect(text.length).toBeLessThan(columns);
    expect(text).toMatch(/^resnet18: apgd-ce linf 0\.0314 .*25%.*, 1:40 left$/);
    expect(text.includes('robust 41.0% of 1200')).toBe(columns > 60);
    const long = progressLine({ ...line, name: 'a-model-with-quite-a-long-name-'.repeat(6) }, columns - 1);
    expect(long.length).toBeLessThan(columns);
    expect(long).toMatch(/… 25% {2}\d+:\d\d, 1:40 left$/);
  });

  it('says what it does not know, and not that nothing is left', () => {
    expect(progressLine({ ...line, left: undefined }, 199)).not.toContain('left');
    expect(progressLine({ ...line, left: { seconds: 0.2, isAll: true } }, 199)).not.toContain('left');
    expect(progressLine({ ...line, left: { seconds: 0.9, isAll: true } }, 199)).toContain('0:01 left');
    expect(progressLine({ ...line, left: { seconds: 61, isAll: false } }, 199)).toContain('at least 1:01 left');
    expect(progressLine({ ...line, share: 0.9999 }, 199)).not.toContain('100%');
  });
});

describe('as time goes by', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    // The command began at a time of the real clock, which is to lie behind.
    vi.advanceTimersByTime(3_600_000);
  });
  afterEach(() => vi.useRealTimers());
  const written = (isTTY: boolean, columns = 80) => {
    const lines: string[] = [];
    const stream = { isTTY, columns, write: (text: string) => lines.push(text) };
    return { lines, progress: createProgress(stream) };
  };

  it.each([
    [true, 1000],
    [false, 4000],
  ])('terminal %s: begins at once, and nothing stands still longer than %i ms', (isTTY, longest) => {
    const { lines, progress } = written(isTTY);
    const follow = followShare('m', '', progress);
    follow('checks', 0.01);
    expect(lines).toHaveLength(1);
    vi.advanceTimersByTime(60_000);
    expect(lines.length).toBeGreaterThanOrEqual(Math.floor(60_000 / (longest + 500)));
    expect(new Set(lines).size).toBeGreaterThan(0.9 * lines.length);
    progress.end();
    const { length } = lines;
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(length);
  });

  it('counts down without an end that is not there', () => {
    const { lines, progress } = written(true, 120);
    const report = followEvaluation('m', progress);
    const state = {
      phase: 'attack',
      done: 0,
      total: 10,
      fraction: 0.5,
      robust: { count: 0, total: 0 },
      rate: 1,
      made: { work: 0, whole: 0 },
    } as const;
    report({ ...state, attack: { label: 'pgd', norm: 'linf', epsilon: 0.1 }, secondsLeft: 20 });
    expect(lines.at(-1)).toContain('0:20 left');
    vi.advanceTimersByTime(10_000);
    expect(lines.at(-1)).toContain('0:10 left');
    vi.advanceTimersByTime(60_000);
    expect(lines.at(-1)).toContain('0:02 left');
  });

  it('shows no escapes of names', () => {
    const { lines, progress } = written(false);
    progress.update(() => 'a\u001b[2J\nb');
    expect(lines).toEqual(['a\\u001b[2J b\n']);
  });

  it('one time is left for all that a command does', () => {
    const course = createCourse([
      { id: 'a', kind: 'training', work: 100 },
      { id: 'b', kind: 'training', work: 300 },
      { id: 'c', kind: 'evaluation', work: 50 },
      { id: 'd', kind: 'checks', work: 10 },
    ]);
    course.begin('a');
    expect(course.left(undefined)).toBeUndefined();
    vi.advanceTimersByTime(25_000);
    // A hundred units take 100 seconds, and all other stages as long for each.
    expect(course.left(75)).toEqual({ seconds: 75 + 300 + 50 + 10, isAll: true });
    vi.advanceTimersByTime(75_000);
    course.begin('b');
    vi.advanceTimersByTime(300_000);
    course.begin('c');
    vi.advanceTimersByTime(50_000);
    // Evaluation turned out to take twice as long; checks are guessed by all that is known.
    const { seconds } = course.left(50)!;
    expect(seconds).toBeCloseTo(50 + (10 * 500) / 450, 6);
    expect(
      createCourse([
        { id: 'a', kind: 'training', work: 1 },
        { id: 'x', kind: 'analysis', work: undefined },
      ]).left(5),
    ).toEqual({
      seconds: 5,
      isAll: false,
    });
  });

  it('takes of attacks on models to come what was seen to be left on others', () => {
    const evaluation = { kind: 'evaluation', work: (share: number) => 1000 * share } as const;
    const stages = [
      { id: 'a', ...evaluation, isPlain: true },
      { id: 'b', ...evaluation },
      { id: 'c', ...evaluation },
      { id: 'd', ...evaluation, isPlain: true },
    ];
    const course = createCourse(stages);
    course.begin('a');
    vi.advanceTimersByTime(80_000);
    // The half that was not seen is taken as usual, and so are models that were trained against attacks.
    course.observe({ work: 100, whole: 500 });
    expect(course.left(0)!.seconds).toBeCloseTo(((700 + 700 + 400) * 80) / 400, 6);
    course.observe({ work: 800, whole: 1000 });
    // A hundredth of a second for a unit: the others keep at least as much.
    expect(course.left(0)!.seconds).toBeCloseTo(80 + 80 + 80, 6);
    course.begin('b');
    vi.advanceTimersByTime(90_000);
    course.observe({ work: 900, whole: 1000 });
    expect(course.left(0)!.seconds).toBeCloseTo(90 + 80, 6);
    // On its own, one that was trained against attacks keeps more than one that was not.
    const [plain, robust] = [stages[0]!, stages[1]!].map((stage) => {
      const alone = createCourse([{ id: 'x', kind: 'training', work: 1000 }, stage]);
      alone.begin('x');
      vi.advanceTimersByTime(1000_000);
      return alone.left(0)!.seconds;
    });
    expect(plain!).toBeLessThan(robust!);
  });

  it('counts what an earlier session did as not done in this one', () => {
    const course = createCourse([
      { id: 'a', kind: 'training', work: 100 },
      { id: 'b', kind: 'training', work: 100 },
    ]);
    course.begin('a', 0.9);
    vi.advanceTimersByTime(5000);
    expect(course.left(5)!.seconds).toBeCloseTo(5 + 100, 6);
  });
});
