import { AdvrobError, didYouMean } from '@advrob/core';

/** Which label a class has, by its names. */
export interface ClassMap {
  readonly numClasses: number;
  /** In label order. */
  readonly classNames: readonly string[];
  /**
   * The label of a name, a WordNet id, or one of several names of a class.
   *
   * @throws AdvrobError `ADVROB_LABEL` for one that is not there or means several classes; `where`
   *   begins the message.
   */
  labelOf(name: string, where: string): number;
}

/** What a map says of one class. */
interface ClassEntry {
  readonly label: number;
  readonly name: string;
  /** WordNet id, such as n01440764. */
  readonly id?: string | undefined;
}

const wordNetId = /^n\d{8}$/;

/**
 * Reads a map of classes. JSON: a list of names; names by index, or [WordNet id, name] by index as
 * Keras' `imagenet_class_index.json` has them; indices by name; names by WordNet id in the order of
 * the ids. Text: one class a line in label order, a name, a WordNet id, or an id and names as
 * `LOC_synset_mapping.txt` has them.
 *
 * @throws AdvrobError `ADVROB_DATA_FORMAT` for anything else, and where indices have gaps.
 */
export function parseClassMap(text: string, file: string): ClassMap {
  const isJson = /^\s*[[{]/.test(text);
  return classMapOf(isJson ? jsonEntries(text, file) : textEntries(text), file);
}

/** A map of classes by their names in label order. */
export function namedClasses(names: readonly string[], what: string): ClassMap {
  return classMapOf(
    names.map((name, label) => ({ label, name })),
    what,
  );
}

function classMapOf(entries: readonly ClassEntry[], file: string): ClassMap {
  const sorted = [...entries].sort((a, b) => a.label - b.label);
  if (sorted.length === 0 || sorted.some(({ label }, i) => label !== i))
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${file}: expected classes with the indices 0 to ${Math.max(sorted.length - 1, 0)}, found ${
        sorted
          .slice(0, 12)
          .map(({ label }) => label)
          .join(', ') || 'none'
      }`,
    );
  const byName = new Map<string, Set<number>>();
  const add = (name: string, label: number) => byName.set(name, (byName.get(name) ?? new Set<number>()).add(label));
  for (const { label, name, id } of sorted) {
    if (id !== undefined) add(id, label);
    add(name, label);
    for (const one of name.split(',')) add(one.trim(), label);
  }
  return {
    numClasses: sorted.length,
    classNames: sorted.map(({ name }) => name),
    labelOf(name, where) {
      const [label, ...others] = byName.get(name) ?? [];
      if (label !== undefined && others.length === 0) return label;
      if (label !== undefined)
        throw new AdvrobError(
          'ADVROB_LABEL',
          `${where}: the class '${name}' has several labels in ${file} (${[label, ...others].join(', ')}): name it by its WordNet id or index`,
        );
      const known = [...byName.keys()];
      const hint = didYouMean(name, known, `it has ${known.slice(0, 12).join(', ')}${known.length > 12 ? ' ...' : ''}`);
      throw new AdvrobError('ADVROB_LABEL', `${where}: no class '${name}' in ${file}: ${hint}`);
    },
  };
}

function textEntries(text: string): ClassEntry[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .map((line, label) => {
      const [, id, rest] = /^(n\d{8})(?:[\s,:]+(.*))?$/.exec(line) ?? [];
      return { label, id, name: rest || line };
    });
}

function jsonEntries(text: string, file: string): ClassEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${file}: expected JSON (${String(cause)})`, { cause });
  }
  const pairs = Object.entries(value as Record<string, unknown>);
  if (Array.isArray(value) || pairs.every(([key]) => /^\d+$/.test(key)))
    return pairs.map(([key, entry]) => ({ label: Number(key), ...namesOf(entry, key, file) }));
  if (pairs.every(([, entry]) => Number.isInteger(entry)))
    return pairs.map(([key, label]) => ({ label: label as number, ...namesOf(key, key, file) }));
  if (pairs.every(([key]) => wordNetId.test(key)))
    return pairs
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, name], label) => ({ ...namesOf(name, id, file), label, id }));
  throw new AdvrobError(
    'ADVROB_DATA_FORMAT',
    `${file}: expected a list of names, names or [WordNet id, name] by index, indices by name, or names by WordNet id; found the key '${pairs.find(([key]) => !/^\d+$/.test(key))![0]}'`,
  );
}

function namesOf(entry: unknown, key: string, file: string): Pick<ClassEntry, 'name' | 'id'> {
  if (typeof entry === 'string') return { name: entry, id: wordNetId.test(entry) ? entry : undefined };
  const [id, name] = Array.isArray(entry) ? (entry as unknown[]) : [];
  if (typeof id === 'string' && wordNetId.test(id) && typeof name === 'string') return { name, id };
  throw new AdvrobError(
    'ADVROB_DATA_FORMAT',
    `${file}: expected a name or [WordNet id, name] for class ${key}, found ${JSON.stringify(entry)}`,
  );
}
