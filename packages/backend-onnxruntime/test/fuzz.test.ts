import { beforeAll, describe, expect, it } from 'vitest';
import { command, type FuzzOutcome } from './command.js';

const programs = { normal: 1000, flush: 300, hoist: 300, plain: 300 };

describe('random programs', () => {
  let outcome: FuzzOutcome;
  beforeAll(async () => {
    const options = ['--mode', Object.keys(programs).join(), '--programs', Object.values(programs).join()];
    outcome = await command('fuzz/run.mjs', ...options, '--seed', '1');
  }, 1_200_000);

  it.each(Object.entries(programs))('agree with cpu in mode %s', (mode, count) => {
    const found = outcome.subjects.find(({ name }) => name === mode);
    expect(found?.failures).toEqual([]);
    expect(found?.passed).toBe(count);
  });
});
