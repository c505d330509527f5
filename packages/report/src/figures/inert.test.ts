import { describe, expect, it } from 'vitest';
import { checkInert } from './inert.js';

const x = { field: 'x', type: 'quantitative' };
const data = { values: [{ x: 1, name: 'a' }] };
const plain = { data, mark: 'point', encoding: { x } };
const many = Array.from({ length: 60_000 }, (_, i) => ({ x: i }));

describe('a spec of a record', () => {
  it.each<[string, object]>([
    ['points', plain],
    ['a line with points', { ...plain, mark: { type: 'line', point: true, strokeDash: [4, 4] } }],
    ['an axis', { ...plain, encoding: { x: { ...x, axis: { title: ['a', 'b'], format: '.0%', tickCount: 5 } } } }],
    ['a filter by a field', { ...plain, transform: [{ filter: { field: 'x', valid: true } }] }],
    ['layers in panels', { data, facet: { column: { field: 'name' } }, spec: { layer: [plain, plain] } }],
    ['a colour of the page', { ...plain, mark: { type: 'bar', color: 'var(--series-2)' } }],
    ['aggregates and bins', { ...plain, encoding: { x: { ...x, bin: { maxbins: 20 } }, y: { aggregate: 'count' } } }],
  ])('may be: %s', (_, spec) => expect(() => checkInert(spec)).not.toThrow());

  it.each<[string, unknown, string]>([
    ['no object', 'point', 'spec: '],
    ['an unknown mark', { ...plain, mark: 'nonsense' }, 'spec.mark'],
    ['a picture from an address', { ...plain, mark: { type: 'image', url: 'https://x' } }, 'spec.mark.type'],
    ['a link', { ...plain, encoding: { x, href: { field: 'u' } } }, "spec.encoding: .*'href'"],
    ['a link of the mark', { ...plain, mark: { type: 'point', href: 'https://x' } }, "spec.mark: .*'href'"],
    ['data from an address', { ...plain, data: { url: 'https://x' } }, "spec.data: .*'url'"],
    ['a sequence', { ...plain, data: { sequence: { start: 0, stop: 3e7 } } }, "spec.data: .*'sequence'"],
    ['an expression that filters', { ...plain, transform: [{ filter: 'datum.x > 1' }] }, 'transform\\[0\\].filter'],
    ['an expression that counts', { ...plain, transform: [{ calculate: '1', as: 'a' }] }, "'calculate'"],
    ['an expression in a label', { ...plain, encoding: { x: { ...x, axis: { labelExpr: '1' } } } }, "'labelExpr'"],
    ['an expression in a mark', { ...plain, mark: { type: 'point', size: { expr: '1' } } }, 'spec.mark.size'],
    ['a signal', { ...plain, encoding: { x: { ...x, scale: { domain: { signal: '1' } } } } }, 'scale.domain'],
    ['parameters', { ...plain, params: [{ name: 'a', expr: '1' }] }, "'params'"],
    ['a test', { ...plain, encoding: { x, color: { condition: { test: '1' }, value: 'red' } } }, "'condition'"],
    ['a field that is code', { ...plain, encoding: { x: { ...x, field: "a'];x" } } }, 'spec.encoding.x.field'],
    ['a colour from an address', { ...plain, mark: { type: 'bar', fill: 'url(https://x)' } }, 'spec.mark.fill'],
    ['a million ticks', { ...plain, encoding: { x: { ...x, axis: { tickCount: 1e6 } } } }, 'axis.tickCount'],
    ['a format of a gigabyte', { ...plain, encoding: { x: { ...x, axis: { format: '999999999d' } } } }, 'axis.format'],
    [
      'a series that fills gaps',
      { ...plain, encoding: { x: { ...x, impute: { keyvals: { stop: 1e9 } } } } },
      "'impute'",
    ],
    ['bins of no width', { ...plain, encoding: { x: { ...x, bin: { step: 1e-12 } } } }, "encoding.x.bin: .*'step'"],
    ['a canvas of any size', { ...plain, width: 1e12 }, 'spec.width'],
    ['a panel for every row', { ...plain, data: { values: many }, encoding: { x, row: { field: 'x' } } }, '60000'],
    ['rows in too many views', { data: { values: many }, layer: [plain, plain] }, '100000 marks'],
    ['a row that holds more', { ...plain, data: { values: [{ x: [1] }] } }, 'values\\[0\\].x'],
  ])('may not be: %s', (_, spec, where) => {
    expect(() => checkInert(spec)).toThrow(new RegExp(`${where}.*ADVROB_RECORD`));
  });

  it('is not nested without end', () => {
    let spec: object = plain;
    for (let i = 0; i < 10_000; i++) spec = { layer: [spec] };
    expect(() => checkInert(spec)).toThrow('ADVROB_RECORD');
  });
});
