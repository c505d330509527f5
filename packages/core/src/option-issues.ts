import { didYouMean } from './errors.js';

/** One thing that is wrong with options or a config, in our words. */
export interface OptionIssue {
  /** Keys and positions from the outermost value to the wrong one. */
  readonly path: readonly PropertyKey[];
  /** What was expected and what was found. */
  readonly words: string;
  /** The keys that nobody knows at `path`, where that is the issue. */
  readonly unknownKeys?: readonly string[] | undefined;
}

/**
 * What validators of the Standard Schema say. zod's have a code and numbers besides their message,
 * from which our words are made; messages that a schema gives itself stay.
 */
interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  readonly code?: string;
  readonly expected?: string;
  readonly values?: readonly unknown[];
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly inclusive?: boolean;
  readonly exact?: boolean;
  readonly origin?: string;
  readonly keys?: readonly string[];
  readonly divisor?: number;
  readonly pattern?: string;
  readonly errors?: readonly (readonly SchemaIssue[])[];
}

/**
 * The issues of a validation in words for whoever wrote the value: what was expected, and what was
 * found at the place. Of several forms that a value may have, the one that it comes nearest to is
 * spoken of.
 *
 * @param input - What was validated.
 */
export function issuesInWords(issues: readonly unknown[], input: unknown): OptionIssue[] {
  return (issues as readonly SchemaIssue[]).flatMap((issue) => inWords(issue, [], input));
}

/** {@link issuesInWords} in one line: `steps: expected at least 1, got 0; rate: ...`. */
export function issuesInLine(issues: readonly unknown[], input: unknown): string {
  return issuesInWords(issues, input)
    .map(({ path, words }) => (path.length === 0 ? words : `${path.map(String).join('.')}: ${words}`))
    .join('; ');
}

function inWords(issue: SchemaIssue, above: readonly PropertyKey[], input: unknown): OptionIssue[] {
  const path = [...above, ...(issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part))];
  const found = valueAt(input, path);
  if (issue.code === 'unrecognized_keys') {
    const unknownKeys = issue.keys ?? [];
    return [
      { path, words: `unknown ${unknownKeys.length > 1 ? 'keys' : 'key'} ${unknownKeys.join(', ')}`, unknownKeys },
    ];
  }
  if (issue.code === 'invalid_union') {
    // A form whose own type fits, but not what is in it, is the one that was meant.
    const meant = issue.errors?.find((each) => each.length > 0 && each.every(isInside));
    if (meant !== undefined) return meant.flatMap((each) => inWords(each, path, input));
  }
  if (issue.code === 'invalid_key' || issue.code === 'invalid_element') {
    const inner = (issue as { readonly issues?: readonly SchemaIssue[] }).issues ?? [];
    return [{ path, words: inner.map((each) => wordsOf(each, path.at(-1))).join('; ') || issue.message }];
  }
  return [{ path, words: wordsOf(issue, found) }];
}

function isInside(issue: SchemaIssue): boolean {
  return (issue.path ?? []).length > 0 || issue.code === 'unrecognized_keys';
}

function wordsOf(issue: SchemaIssue, found: unknown): string {
  const wanted = wantedBy(issue);
  if (wanted === undefined) return issue.message;
  if (found === undefined) return `missing: expected ${wanted}`;
  const names = (issue.values ?? []).filter((value) => typeof value === 'string');
  const hint = typeof found === 'string' && names.length > 1 ? didYouMean(found, names, '') : '';
  return `expected ${wanted}, got ${written(found)}${hint && `; ${hint}`}`;
}

/** How a value is called that a type of zod takes. */
const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object with keys',
  record: 'an object with keys',
  null: 'null',
};

/** What an issue asks for; undefined where its own message says it. */
function wantedBy(issue: SchemaIssue): string | undefined {
  // Whoever wrote the schema knows best.
  if (!/^(Invalid |Too (big|small)|Unrecognized )/.test(issue.message)) return undefined;
  switch (issue.code) {
    case 'invalid_type':
      return typeNames[issue.expected ?? ''] ?? issue.expected;
    case 'invalid_value':
      return (issue.values ?? [])
        .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
        .join(' or ');
    case 'too_small':
      return bounded(issue, issue.minimum, issue.exact ? 'exactly' : issue.inclusive ? 'at least' : 'more than');
    case 'too_big':
      return bounded(issue, issue.maximum, issue.exact ? 'exactly' : issue.inclusive ? 'at most' : 'less than');
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return issue.pattern === undefined ? 'text of another form' : `text of the form ${issue.pattern}`;
    case 'invalid_union': {
      const forms = (issue.errors ?? []).flatMap(([first]) => (first ? [wantedBy(first) ?? first.message] : []));
      return [...new Set(forms)].join(', or ');
    }
    default:
      return undefined;
  }
}

function bounded({ origin }: SchemaIssue, limit: number | bigint | undefined, how: string): string {
  if (origin === 'array' || origin === 'set') return `${how} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  if (origin === 'string') return limit === 1 ? 'text that is not empty' : `text of ${how} ${limit} letters`;
  return `${origin === 'int' ? 'a whole number of ' : ''}${how} ${limit}`;
}

/** A value as the user may have written it, not too long. */
function written(value: unknown): string {
  const text =
    typeof value === 'number'
      ? String(value)
      : typeof value === 'function'
        ? 'a function'
        : (safeJson(value) ?? typeof value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function safeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}
