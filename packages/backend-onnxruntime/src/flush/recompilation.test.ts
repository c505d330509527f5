import { expect, it } from 'vitest';
import { RecompilationWatch } from './recompilation.js';

it('warns once, with the reasons, when graphs keep being compiled', () => {
  const messages: string[] = [];
  const watch = new RecompilationWatch((message) => messages.push(message));
  for (let i = 0; i < 30; i++) watch.note('graph', i, 250);
  expect(messages).toEqual([]);
  for (let i = 30; i < 50; i++) watch.note('numbers', i, 250);
  expect(messages).toHaveLength(1);
  expect(messages[0]).toContain('30 with new ops or shapes, 1 with new constants');
});

it('stays silent when they are far apart', () => {
  const messages: string[] = [];
  const watch = new RecompilationWatch((message) => messages.push(message));
  for (let i = 0; i < 100; i++) watch.note('graph', i * 10_000, 250);
  expect(messages).toEqual([]);
});

it('stays silent when they cost next to nothing', () => {
  const messages: string[] = [];
  const watch = new RecompilationWatch((message) => messages.push(message));
  for (let i = 0; i < 100; i++) watch.note('graph', i * 100, 15);
  expect(messages).toEqual([]);
});
