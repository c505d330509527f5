import { describe, expect, it } from 'vitest';
import { judge } from '../conformance/verdict.mjs';

interface Result {
  mode: string;
  specs: Record<string, { state: string; messages: string[] }>;
  fallbacks: Record<string, { float32: number; other: number }>;
  reported: Record<string, number>;
  recorded: string[];
  errors: string[];
  seconds: number;
}

/** A result of 1,000 specs of which the first `failing` have the state `state`. */
function result(failing: number, state = 'failed', more: Partial<Result> = {}): Result {
  const specs: Result['specs'] = {};
  for (let i = 0; i < 1000; i++) {
    if (i < failing && state === 'missing') continue;
    specs[`spec ${String(i)}`] = i < failing ? { state, messages: ['wrong'] } : { state: 'passed', messages: [] };
  }
  return { mode: 'normal', specs, fallbacks: {}, reported: {}, recorded: ['Conv2D'], errors: [], seconds: 1, ...more };
}

const cpu = result(0);

describe('the verdict of the conformance command', () => {
  it('accepts 99.5% of what cpu passes and refuses less', () => {
    expect(judge(cpu, result(5))).toMatchObject({ passed: 995, failed: 5, problems: [] });
    expect(judge(cpu, result(6)).problems).toHaveLength(1);
  });

  it('counts excluded and undefined specs as failed', () => {
    for (const state of ['left out', 'missing']) {
      const verdict = judge(cpu, result(6, state));
      expect(verdict.failed).toBe(6);
      expect(verdict.problems).toHaveLength(1);
    }
  });

  it('does not ask for what cpu fails', () => {
    expect(judge(result(100), result(100))).toMatchObject({ passed: 900, failed: 0, problems: [] });
  });

  it('refuses a suite in which nothing ran, and errors outside the specs', () => {
    const nothing = { ...cpu, specs: {} };
    expect(judge(nothing, nothing).problems).not.toEqual([]);
    expect(judge(cpu, result(0, 'failed', { errors: ['beforeAll broke'] })).problems).toHaveLength(1);
  });

  it('refuses float32 fallbacks of kernels that must be native, and accepts other types and kernels', () => {
    const judged = (kernel: string, float32: number, other: number) =>
      judge(
        cpu,
        result(0, '', { fallbacks: { [kernel]: { float32, other } }, reported: { [kernel]: float32 + other } }),
      ).problems;
    expect(judged('Conv2D', 1, 0)).toHaveLength(1);
    expect(judged('Conv2D', 0, 3)).toEqual([]);
    expect(judged('FFT', 2, 0)).toEqual([]);
  });

  it('refuses fallbacks that the backend hides, and those only the backend knows of', () => {
    const hidden = result(0, '', { fallbacks: { FFT: { float32: 1, other: 0 } } });
    expect(judge(cpu, hidden).problems).toHaveLength(1);
    expect(judge(cpu, result(0, '', { reported: { Conv2D: 2 } })).problems).toHaveLength(1);
  });
});
