import { AdvrobError, didYouMean, optionNames, type PluginKind, type Registry } from '@advrob/core';
import { readYaml } from './yaml-text.js';

/** One `--set`: `owner` is undefined for a bare key. */
interface Setting {
  readonly owner?: string | undefined;
  readonly key: string;
  readonly value: unknown;
}

/** Reads `key=value` or `owner.key=value`; values are YAML (`steps=40`, `classes=[1, 2]`). */
export function parseSetting(text: string): Setting {
  const [, path, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (path === undefined || value === undefined)
    throw new AdvrobError('ADVROB_USAGE', `--set: expected key=value or attack.key=value, got '${text}'`);
  const parts = path.trim().split('.');
  const key = parts.pop()!;
  const owner = parts.join('.');
  return { owner: owner || undefined, key, value: readYaml(value, `--set ${path}`, 'ADVROB_USAGE').value };
}

/** Something with options that settings may address by its name. */
interface Settable {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Names of the options it has. */
  readonly known: readonly string[];
}

/** A part of the registry, without options so far. @throws AdvrobError `ADVROB_UNKNOWN_NAME`. */
export function settable(registry: Registry, kind: PluginKind, name: string): Settable {
  return { name, options: {}, known: optionNames(registry.find(kind, name).definition.options) };
}

/**
 * Applies settings: `name.key` to the parts of that name, a bare key to every part that has such an
 * option.
 *
 * @param takesBare Which parts bare keys are for. Default: all.
 * @throws AdvrobError `ADVROB_USAGE` for a key that nobody has, or a name that is not there.
 */
export function applySettings<T extends Settable>(
  parts: readonly T[],
  settings: readonly Setting[],
  takesBare: (part: T) => boolean = () => true,
): T[] {
  const result = parts.map((part) => ({ ...part, options: { ...part.options } as Record<string, unknown> }));
  for (const { owner, key, value } of settings) {
    const addressed = result.filter((part) => (owner === undefined ? takesBare(part) : part.name === owner));
    if (addressed.length === 0)
      throw new AdvrobError(
        'ADVROB_USAGE',
        `--set ${owner}.${key}: there is no ${owner} here; there is ${parts.map((part) => part.name).join(', ')}`,
      );
    const takers = addressed.filter((part) => part.known.includes(key));
    if (takers.length === 0) throw unknownKey(key, addressed, result);
    for (const taker of takers) taker.options[key] = value;
  }
  return result;
}

function unknownKey(key: string, addressed: readonly Settable[], all: readonly Settable[]): AdvrobError {
  const known = [...new Set(addressed.flatMap((part) => part.known))];
  const owner = all.find((part) => part.known.includes(key));
  const otherwise = owner ? `for ${owner.name} write ${owner.name}.${key}` : `known: ${known.join(', ') || 'none'}`;
  const advice = didYouMean(key, known, otherwise);
  return new AdvrobError(
    'ADVROB_USAGE',
    `--set ${key}: ${addressed.map((part) => part.name).join(', ')} ${addressed.length > 1 ? 'have' : 'has'} no such option; ${advice}`,
  );
}
