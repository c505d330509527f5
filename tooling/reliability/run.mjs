// Measures what docs/reliability.md says, and writes it there where the page has a place for it:
// node tooling/reliability/run.mjs [--minutes 10] [kills|damage|mutations|backends|preflight|progress|large|extension ...]; each part stops early when its minutes are over.
// `mutations` with --state <file> goes on from there, and may be stopped at any time; --only <parser> (once or more) damages files of these alone.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { backendLines } from './backends.mjs';
import { damageAll } from './damage.mjs';
import { extensionLines } from './extension.mjs';
import { killAll } from './kills.mjs';
import { largeLines } from './large.mjs';
import { mutateAll } from './mutations.mjs';
import { preflightLines } from './preflight.mjs';
import { progressLines } from './progress.mjs';

const { values, positionals } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    kills: { type: 'string', default: '120' },
    damages: { type: 'string', default: '200' },
    fast: { type: 'string', default: '100000' },
    slow: { type: 'string', default: '20000' },
    state: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
  },
  allowPositionals: true,
});
/** Milliseconds for each part. */
const until = Number(values.minutes) * 60_000;
const list = (counts) => Object.entries(counts).map(([name, count]) => `${name} ${count}`);
const told = (problems) => (problems.length === 0 ? [] : [`Problems: ${problems.join('; ')}`]);

const page = new URL('../../docs/reliability.md', import.meta.url);

/** The text of a part of the page, with what stands before and after it; undefined where the page has no place for it. */
function placeOf(name) {
  const text = readFileSync(page, 'utf8');
  const [begin, end] = [`<!-- ${name}: by command -->`, `<!-- end of ${name} -->`].map((mark) => text.indexOf(mark));
  if (begin < 0) return undefined;
  const from = text.indexOf('\n', begin);
  return { before: text.slice(0, from), inside: text.slice(from, end), after: text.slice(end) };
}

/** New rows in the places that rows of the same parsers have on the page, among those of the others. */
function amongOthers(rows) {
  const parserOf = (row) => row.split('|')[1].trim();
  const told = placeOf('mutations')
    .inside.split('\n')
    .filter((line) => line.startsWith('|'));
  const others = told.slice(2).map((row) => rows.find((one) => parserOf(one) === parserOf(row)) ?? row);
  return [...others, ...rows.filter((row) => !others.includes(row))];
}

const parts = {
  async kills() {
    const { counts, problems, trainers } = await killAll(Number(values.kills), until);
    const sum = (key) => Object.values(counts).reduce((total, one) => total + one[key], 0);
    const each = Object.entries(counts).map(([name, { kills }]) => `\`${name}\` ${kills}`);
    return [
      `${sum('kills')} kills by SIGKILL at random moments of the work in the folder (${each.join(', ')}; \`run\` trains one model with each of ${trainers} trainers), at most five in a row, after which the same commands ran to their end ${sum('ended')} times.`,
      problems.length === 0
        ? 'Each end had the bits of a run that was never killed: weights, checkpoints, logs, examples and record (times aside); no temporary file and no lock was left.'
        : '',
      ...told(problems),
    ];
  },
  async damage() {
    const { damages, noticed, kinds, healed, healings, byDamage, problems } = await damageAll(
      Number(values.damages),
      until,
    );
    return [
      `${damages} damages, one at a time (${list(byDamage).join(', ')}), in ${kinds.length} kinds of files of a finished run and of shards: ${noticed} were named by \`advrob report\`, which made pages anew with the bits of before, or by \`advrob merge\`, unless it gave what it gives of intact shards.`,
      `After one damage of each other kind of file but \`checkpoint.previous.safetensors\` the same command was started again: ${healed} of ${healings} times it ended with the bits of before.`,
      ...told(problems),
    ];
  },
  async mutations() {
    const results = await mutateAll(Number(values.fast), Number(values.slow), until, values.only, values.state);
    const rows = results.map(
      ({ name, mutations, refused, accepted, allowance, problem }) =>
        `| ${name} | ${mutations} | ${refused} | ${accepted} | ${allowance / 2 ** 20} | ${problem?.replaceAll('|', '/') ?? 0} |`,
    );
    return [
      '| parser | damaged files | refused with a code | read in spite of it | limit of allocations (MiB) | crashes, hangs, allocations above it |',
      '| --- | --- | --- | --- | --- | --- |',
      ...(values.only.length > 0 ? amongOthers(rows) : rows),
    ];
  },
  backends: () => backendLines(),
  preflight: () => preflightLines(),
  progress: () => progressLines(),
  large: () => largeLines(),
  extension: () => extensionLines(),
};

for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const lines = await parts[name]();
  console.log(lines.join('\n'));
  const place = placeOf(name);
  if (place === undefined) continue;
  const whole = `${place.before}\n\n${lines.join('\n')}\n\n${place.after}`;
  writeFileSync(page, await format(whole, { ...(await resolveConfig(page)), parser: 'markdown' }));
}
