import { AdvrobError, createRegistry, type AnyFactory, type Attack, type Norm } from '@advrob/core';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { optionsSchemaOf } from '../test/contract/options.js';
import * as attacks from './attacks.js';
import { plugin } from './plugin.js';

const folder = fileURLToPath(new URL('./', import.meta.url));
const files = (readdirSync(folder, { recursive: true }) as string[]).map((path) => path.replaceAll('\\', '/'));
const textOf = (path: string): string => readFileSync(`${folder}${path}`, 'utf8');
const readme = 'packages/attacks/README.md';

/** An attack as a source file defines it. */
interface Source {
  readonly name: string;
  /** The name that its file exports. */
  readonly exported: string;
  /** Its file, below src, without `.ts`. */
  readonly stem: string;
}

const sources: readonly Source[] = files
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .flatMap((path) =>
    [...textOf(path).matchAll(/^export const (\w+) = defineAttack\(\{\n {2}name: '([^']+)'/gm)].map(
      ([, exported, name]) => ({ name: name!, exported: exported!, stem: path.slice(0, -'.ts'.length) }),
    ),
  );
const definitions = Object.values(attacks).map(({ definition }) => definition as Attack['definition']);

/** Fails with the first of what is missing, so that it stands alone in the message. */
function expectNone(missing: readonly (string | false)[]): void {
  for (const sentence of missing) if (sentence) throw new Error(sentence);
}

it('every attack is registered under its name', () => {
  const listed: Readonly<Record<string, AnyFactory>> = attacks;
  expectNone(
    sources.flatMap(({ name, exported, stem }) => [
      !listed[exported] && `attack '${name}' is not exported: add ${stem}.js to packages/attacks/src/attacks.ts`,
      exported.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) !== name &&
        `attack '${name}' is exported as ${exported}: name it in camel case in packages/attacks/src/${stem}.ts`,
    ]),
  );
  expect(Object.keys(plugin.attacks).sort()).toEqual(sources.map(({ name }) => name).sort());
  for (const [name, { definition }] of Object.entries(plugin.attacks)) expect(definition.name).toBe(name);
});

it('has rows for every registered attack', () => {
  expectNone(
    sources.flatMap(({ name, exported, stem }) => {
      const test = `${stem}.test.ts`;
      const call = `contractOf(${exported}, `;
      if (!files.includes(test))
        return `attack '${name}' has no test: write packages/attacks/src/${test}, which calls ${call}...)`;
      return (
        !textOf(test).includes(call) &&
        `attack '${name}' has no contract rows: call ${call}...) in packages/attacks/src/${test}`
      );
    }),
  );
});

it('is an option of every attack that knows gradients', () => {
  expectNone(
    definitions.map(
      (definition) =>
        definition.knowledge === 'gradients' &&
        !optionsSchemaOf(definition).properties.eot &&
        `attack '${definition.name}' knows gradients but has no option eot: add it to its options`,
    ),
  );
});

const names: Readonly<Record<Norm, string>> = { linf: 'Linf', l2: 'L2', l1: 'L1', l0: 'L0' };

it('the table of the README has every attack, with what it knows, its norms and its budget', () => {
  const [, section = ''] = readFileSync(`${folder}../README.md`, 'utf8').split(/^## The attacks$/m);
  const rows = new Map(
    [...section.split(/^## /m)[0]!.matchAll(/^\| \[?`([^`]+)`.*\|$/gm)].map(([line, name]) => [
      name!,
      line
        .split('|')
        .slice(2, 5)
        .map((cell) => cell.trim()),
    ]),
  );
  expectNone(
    definitions.map(({ name, knowledge, norms, budget }) => {
      const wanted = [knowledge, norms.map((norm) => names[norm]).join(', '), budget];
      const row = rows.get(name);
      if (!row) return `attack '${name}' has no row in the table of ${readme}: add one with ${wanted.join(' | ')}`;
      return (
        row.join() !== wanted.join() &&
        `the row of '${name}' in ${readme} says ${row.join(' | ')}, its definition ${wanted.join(' | ')}`
      );
    }),
  );
  const known = definitions.map(({ name }) => name);
  expectNone(
    [...rows.keys()].map((name) => !known.includes(name) && `${readme} has a row for '${name}', which is no attack`),
  );
});

describe.each(Object.keys(plugin.attacks))('%s', (name) => {
  it('is proposed for a name that is nearly its own', () => {
    const misspelled = `${name.slice(0, -1)}${name.at(-1) === 'x' ? 'y' : 'x'}`;
    const error: unknown = (() => {
      try {
        return createRegistry([plugin]).find('attacks', misspelled);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(AdvrobError);
    const { code, message } = error as AdvrobError;
    expect(code).toBe('ADVROB_UNKNOWN_NAME');
    expect(message).toContain(misspelled);
    expect(message).toContain(name);
  });
});
