// What each package exports, with its types, as text under version control: a change of the public interface shows in a review. `pnpm api --write` takes it over.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../fresh/prepare.mjs';
import { packageEntries } from '../packages.mjs';

const folder = join(root, 'tooling/api/snapshots');
mkdirSync(folder, { recursive: true });
const entries = packageEntries();
const program = ts.createProgram(
  entries.map(({ types }) => types),
  { strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, skipLibCheck: true, types: ['node'] },
);
const checker = program.getTypeChecker();

const texts = {};
for (const { folder: name, key, types } of entries) {
  const source = program.getSourceFile(types);
  if (!source) throw new Error(`${types} is missing: build first`);
  const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(source));
  const lines = symbols.map((symbol) => describe(symbol, source)).sort();
  (texts[name] ??= []).push(`## ${key}`, '', ...lines, '');
}

let changed = 0;
for (const [name, lines] of Object.entries(texts)) {
  const path = join(folder, `${name}.txt`);
  const text = lines.join('\n');
  if ((existsSync(path) ? readFileSync(path, 'utf8') : '') === text) continue;
  changed++;
  if (process.argv.includes('--write')) writeFileSync(path, text);
  else console.error(`${name}: its exports are not those of ${path}: run pnpm api --write and look at the difference`);
}
console.log(`api: ${entries.length} entries, ${changed} packages changed`);
process.exitCode = changed === 0 || process.argv.includes('--write') ? 0 : 1;

/** `pgd: AttackFactory<...>`; of a type its declaration. */
function describe(symbol, source) {
  const own = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const flags =
    ts.TypeFormatFlags.NoTruncation |
    ts.TypeFormatFlags.WriteArrayAsGenericType |
    ts.TypeFormatFlags.OmitParameterModifiers;
  if (own.flags & ts.SymbolFlags.Value) {
    const type = checker.typeToString(checker.getTypeOfSymbolAtLocation(own, source), source, flags);
    return `${symbol.name}: ${shortened(type)}`;
  }
  const [declaration] = own.declarations ?? [];
  const text = (declaration?.getText() ?? '')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/\s+/g, ' ');
  return `type ${symbol.name}: ${shortened(text)}`;
}

/** Types by their names alone, wherever they are imported from. */
function shortened(text) {
  return text.replace(/import\("[^"]*"\)\./g, '');
}
