// Measures what docs/reliability.md says, and writes it there where the page has a place for it: node tooling/reliability/run.mjs [--minutes 10] [kills|damage|mutations|backends|preflight|progress ...]
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { backendLines } from './backends.mjs';
import { damageAll } from './damage.mjs';
import { killAll } from './kills.mjs';
import { mutateAll } from './mutations.mjs';
import { preflightLines } from './preflight.mjs';
import { progressLines } from './progress.mjs';

const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '10' } },
  allowPositionals: true,
});
/** Milliseconds for each part. */
const until = Number(values.minutes) * 60_000;

const parts = {
  async kills() {
    const { counts, problems, trainers } = await killAll(120, until);
    const total = Object.values(counts).reduce((sum, { kills }) => sum + kills, 0);
    const ended = Object.values(counts).reduce((sum, one) => sum + one.ended, 0);
    const each = Object.entries(counts).map(([name, { kills }]) => `\`${name}\` ${kills}`);
    return [
      `${total} kills by SIGKILL at random moments (${each.join(', ')}; \`run\` trains one model with each of ${trainers} trainers), after which the same commands ran to their end ${ended} times.`,
      problems.length === 0
        ? 'Each end had the bits of a run that was never killed: weights, checkpoints, logs, examples and record; no temporary file and no lock was left.'
        : `Problems: ${problems.join('; ')}`,
    ];
  },
  async damage() {
    const { damages, noticed, kinds, healed, healings, byDamage, problems } = await damageAll(200, until);
    const each = Object.entries(byDamage).map(([name, count]) => `${name} ${count}`);
    return [
      `${damages} damages, one at a time (${each.join(', ')}), in ${kinds} kinds of files of a finished run: ${noticed} were named by \`advrob report\`.`,
      `After ${healings} of them the same \`advrob run\` was started again: ${healed} times it ended with the bits of before.`,
      ...(problems.length === 0 ? [] : [`Problems: ${problems.join('; ')}`]),
    ];
  },
  async mutations() {
    const results = await mutateAll(100_000, 20_000, until);
    return [
      '| parser | damaged files | refused with a code | read in spite of it | crashes, hangs, allocations above 1 MiB |',
      '| --- | --- | --- | --- | --- |',
      ...results.map(
        ({ name, mutations, refused, accepted, problem }) =>
          `| ${name} | ${mutations} | ${refused} | ${accepted} | ${problem?.replaceAll('|', '/') ?? 0} |`,
      ),
    ];
  },
  backends: () => backendLines(),
  preflight: () => preflightLines(),
  progress: () => progressLines(),
};

const page = new URL('../../docs/reliability.md', import.meta.url);
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const lines = await parts[name]();
  const [begin, end] = [`<!-- ${name}: by command -->`, `<!-- end of ${name} -->`];
  console.log(lines.join('\n'));
  const text = readFileSync(page, 'utf8');
  if (!text.includes(begin)) continue;
  const [before, after] = [text.slice(0, text.indexOf(begin) + begin.length), text.slice(text.indexOf(end))];
  const whole = `${before}\n\n${lines.join('\n')}\n\n${after}`;
  writeFileSync(page, await format(whole, { ...(await resolveConfig(page)), parser: 'markdown' }));
}
