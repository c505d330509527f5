// Finds what a TypeScript source imports. Only where a statement begins, so that words in strings, templates and comments are not taken for imports.

/** `import x from 'a'`, `import 'a'`, `export { x } from 'a'`, over several lines too. */
const statement = /^[ \t]*(?:import|export)\b(?:(?:\s+type\b)?[\s\w$*{},]*?\bfrom)?\s*(['"])([^'"\n]+)\1/gm;
/** `import('a')`, also as a type. */
const dynamic = /(?<![\w$.])import\(\s*(['"])([^'"\n]+)\1\s*[,)]/g;

/**
 * The specifiers that a source imports, in order of kind, each once.
 *
 * @param {string} source
 * @returns {string[]}
 */
export function importsOf(source) {
  const code = withoutComments(source);
  const found = [
    ...[...code.matchAll(statement)].map(([, , specifier]) => specifier),
    ...[...withoutStrings(code).matchAll(dynamic)].map(([, , specifier]) => specifier),
  ];
  return [...new Set(found)];
}

/** Comments that start a line or follow code with a space; what looks like one inside a string is left to {@link statement}'s anchor. */
function withoutComments(source) {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** Strings and templates that hold the word `import(` themselves. */
function withoutStrings(code) {
  return code
    .replace(/`(?:\\.|[^`\\])*`/g, '``')
    .replace(/(['"])(?:\\.|(?!\1)[^\\\n])*import\((?:\\.|(?!\1)[^\\\n])*\1/g, '$1$1');
}
