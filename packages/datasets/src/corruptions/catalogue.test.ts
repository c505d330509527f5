import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { filePath } from '../../test/test-files.js';
import * as blur from './blur.js';
import * as digital from './digital.js';
import * as noise from './noise.js';
import * as weather from './weather.js';
import type { Draw, Picture, Scale } from './corruption.js';
import { corruptionKinds, corruptionNames, type CorruptionName } from './catalogue.js';

/** What tooling/oracle/data/corruptions.py writes: pictures in base64, by 'name severity scale'. */
const fixture = JSON.parse(readFileSync(filePath('corruptions.json'), 'utf8')) as {
  side: number;
  picture: string;
  corrupted: Record<string, string>;
};
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const picture: Picture = {
  height: fixture.side,
  width: fixture.side,
  channels: 3,
  values: Float64Array.from(bytesOf(fixture.picture), (byte) => byte / 255),
};

/** The generator of the script. */
function generator(seed: number) {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const normal = () => Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, -6);
  return ({ kind, count }: Draw) => Array.from({ length: count }, kind === 'uniform' ? uniform : normal);
}

/** Largest and largest mean difference in levels of 0 to 255. */
const exact = { largest: 0.01, mean: 0.005 };
const tolerances: Partial<Record<CorruptionName, typeof exact>> = {
  // Levels are made whole in between: a value on the edge may become one more or less.
  'glass-blur': { largest: 1.01, mean: 0.01 },
  'motion-blur': { largest: 1, mean: 0.02 },
  // OpenCV rounds places to 1/32 pixel in its own way; at an edge between black and white that is
  // some levels.
  'elastic-transform': { largest: 6, mean: 0.05 },
  // libjpeg's cosine transform is in whole numbers: a coefficient on the edge of rounding shifts
  // its block by a multiple of its divisor.
  'jpeg-compression': { largest: 12, mean: 0.5 },
};

describe('agrees with the libraries of the original', () => {
  it.each(Object.keys(fixture.corrupted))('%s', (key) => {
    const [name, severity, scale] = key.split(' ') as [CorruptionName, string, Scale];
    const made = corruptionKinds[name](Number(severity) as 1, scale);
    const draw = generator(1000 * Number(severity) + name.length);
    const draws = Object.fromEntries(Object.entries(made.draws(picture)).map(([key, wanted]) => [key, draw(wanted)]));
    const found = made.apply(picture, draws).map((level) => Math.min(Math.max(level, 0), 255));
    const bytes = bytesOf(fixture.corrupted[key]!);
    const expected = Float64Array.from(new Uint16Array(bytes.buffer), (part) => part / 256);
    const differences = expected.map((level, i) => Math.abs(level - found[i]!));
    const largest = Math.max(...differences);
    const mean = differences.reduce((sum, difference) => sum + difference, 0) / expected.length;
    const allowed = tolerances[name] ?? exact;
    expect({ largest, mean, isFar: largest > allowed.largest || mean > allowed.mean }).toMatchObject({ isFar: false });
  });

  it('has all but the frost', () => {
    const tested = new Set(Object.keys(fixture.corrupted).map((key) => key.split(' ')[0]));
    const untested = corruptionNames.filter((name) => !tested.has(name));
    const missing = untested.filter((name) => name !== 'frost');
    const remedy = 'add it to CASES of tooling/oracle/data/corruptions.py and run that';
    expect(untested, `no pictures of '${missing.join(', ')}' by another library: ${remedy}`).toEqual(['frost']);
  });
});

it('has every corruption of the family files, under one name', () => {
  for (const [file, family] of Object.entries({ noise, blur, weather, digital }))
    for (const [name, made] of Object.entries(family)) {
      const rows = Object.values(corruptionKinds).filter((kind) => kind === made).length;
      const remedy = 'give it a row in packages/datasets/src/corruptions/catalogue.ts';
      expect(rows, `${name} of ${file}.ts has ${rows} names: ${remedy}`).toBe(1);
    }
});

it('is described in the README, corruption by corruption', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const missing = corruptionNames.filter((name) => !readme.includes(`\`${name}\``));
  const remedy = "say in the table 'Corruptions' of packages/datasets/README.md how it compares with the original";
  expect(missing, `the README lacks ${missing.join(', ')}: ${remedy}`).toEqual([]);
});
