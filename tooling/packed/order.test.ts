import { expect, it } from 'vitest';
import { publishingOrder } from './order.mjs';

it('puts a package after those that it needs, optional peers aside', () => {
  const layers = publishingOrder([
    { name: 'command', dependencies: { attacks: '1', models: '1', yaml: '2' } },
    {
      name: 'models',
      peerDependencies: { core: '1', command: '1' },
      peerDependenciesMeta: { command: { optional: true } },
    },
    { name: 'attacks', peerDependencies: { core: '1' } },
    { name: 'core' },
    { name: 'alone', dependencies: { zod: '4' } },
  ]);
  expect(layers).toEqual([['alone', 'core'], ['attacks', 'models'], ['command']]);
});

it('names the packages of a circle', () => {
  const circle = [
    { name: 'free' },
    { name: 'a', dependencies: { b: '1' } },
    { name: 'b', peerDependencies: { a: '1' } },
  ];
  expect(() => publishingOrder(circle)).toThrow('need each other: a, b');
});
