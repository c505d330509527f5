// Finds what a TypeScript source imports. Only where a statement begins, so that words in strings, templates and comments are not taken for imports.

/** `import x from 'a'`, `import 'a'`, `export { x } from 'a'`, over several lines too. */
const statement = /^[ \t]*(?:import|export)\b(?:((?:\s+type\b)?[\s\w$*{},]*?)\bfrom)?\s*(['"])([^'"\n]+)\2/gm;
/** `import('a')`, also as a type: `import('a').B`. */
const dynamic = /(?<![\w$.])import\(\s*(['"])([^'"\n]+)\1\s*(?:,|\)(?:\.(\w+))?)/g;

/**
 * The specifiers that a source imports, in order of kind, each once.
 *
 * @param {string} source
 * @returns {string[]}
 */
export function importsOf(source) {
  return [...namedImportsOf(source).keys()];
}

/**
 * What a source imports from each specifier, by the names it has there; `*` for all of them, none for side effects.
 *
 * @param {string} source
 * @returns {Map<string, string[]>}
 */
export function namedImportsOf(source) {
  const code = withoutComments(source);
  const found = new Map();
  const add = (specifier, names) => found.set(specifier, [...new Set([...(found.get(specifier) ?? []), ...names])]);
  for (const [, clause, , specifier] of code.matchAll(statement)) add(specifier, namesOf(clause ?? ''));
  for (const [, , specifier, name = '*'] of withoutStrings(code).matchAll(dynamic)) add(specifier, [name]);
  return found;
}

/** The names of `a, { type B as C }`: `default, B`. */
function namesOf(clause) {
  const [, before, inBraces = ''] = /^([^{]*)(?:\{([^}]*)\})?/.exec(clause.replace(/^\s*type\b(?!\s*,)/, ''));
  const own = before.includes('*') ? ['*'] : /[\w$]/.test(before) ? ['default'] : [];
  const named = inBraces.split(',').map(
    (each) =>
      each
        .trim()
        .replace(/^type\s+/, '')
        .split(/\s+as\s+/)[0],
  );
  return [...own, ...named.filter((name) => name !== '')];
}

/** Comments that start a line or follow code with a space; what looks like one inside a string is left to {@link statement}'s anchor. */
export function withoutComments(source) {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** Strings and templates that hold the word `import(` themselves. */
function withoutStrings(code) {
  return code
    .replace(/`(?:\\.|[^`\\])*`/g, '``')
    .replace(/(['"])(?:\\.|(?!\1)[^\\\n])*import\((?:\\.|(?!\1)[^\\\n])*\1/g, '$1$1');
}
