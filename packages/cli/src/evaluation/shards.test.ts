import { expect, it } from 'vitest';
import { parseShard, shardFolder } from './shards.js';

const slurm = (id: number, min: number, max: number, count: number, step = '1') => ({
  SLURM_ARRAY_TASK_ID: String(id),
  SLURM_ARRAY_TASK_MIN: String(min),
  SLURM_ARRAY_TASK_MAX: String(max),
  SLURM_ARRAY_TASK_COUNT: String(count),
  SLURM_ARRAY_TASK_STEP: step,
});
const kubernetes = (index: string, count?: string) => ({ JOB_COMPLETION_INDEX: index, JOB_COMPLETIONS: count });

it.each([
  ['3/16', {}, { index: 3, count: 16 }],
  ['auto', slurm(0, 0, 15, 16), { index: 0, count: 16 }],
  ['auto', slurm(16, 1, 16, 16), { index: 15, count: 16 }],
  ['auto', kubernetes('7', '8'), { index: 7, count: 8 }],
])('%s with %j', (text, variables, share) => expect(parseShard(text, variables)).toEqual(share));

it.each<[string, Record<string, string | undefined>, string]>([
  ['16/16', {}, "expected i/n with 0 <= i < n, or auto, got '16/16'"],
  ['1/0', {}, "got '1/0'"],
  ['-1/4', {}, "got '-1/4'"],
  ['', {}, "got ''"],
  ['auto', {}, 'this is no task of an array: give --shard i/n'],
  ['auto', slurm(4, 0, 8, 3, '4'), 'the array counts in steps of 4'],
  ['auto', slurm(7, 7, 7, 1), 'does not begin at 0 or 1, so it may be a part of another'],
  ['auto', slurm(3, 0, 9, 4), 'the array has gaps'],
  ['auto', slurm(5, 0, 3, 4), 'this is no task of its array'],
  ['auto', { SLURM_ARRAY_TASK_ID: '3' }, 'SLURM_ARRAY_TASK_MIN not set'],
  ['auto', kubernetes('3'), 'set JOB_COMPLETIONS to the number of completions'],
  ['auto', kubernetes('8', '8'), "got '8' and '8'"],
  ['auto', kubernetes('x', '8'), "got 'x' and '8'"],
])("'%s' with %j is refused", (text, variables, message) => expect(() => parseShard(text, variables)).toThrow(message));

it('every shard has a folder, in the order of their names', () => {
  expect(shardFolder('runs/a', { index: 3, count: 16 })).toBe('runs/a/shards/03-of-16');
  expect(shardFolder('runs/a', { index: 3, count: 10 })).toBe('runs/a/shards/3-of-10');
});
