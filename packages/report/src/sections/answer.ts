import { countText, listText, percent, percentRange } from '../format.js';
import { hasCaveat, type MainTable } from '../main-table.js';
import type { Subject } from '../subjects.js';
import { triedText } from './checks.js';

/** The result in one sentence. */
export function answerText(subjects: readonly Subject[], table: MainTable): string {
  const { data } = subjects[0]!;
  const isOneSet = subjects.every((subject) => subject.data.hash === data.hash);
  const examples = isOneSet
    ? `${countText(data.length)} ${data.name} ${data.split ?? ''} examples`.replace(/ +/g, ' ')
    : 'their examples';
  const place = table.columns.findIndex(({ kind }) => kind === 'worst');
  const rows = table.rows.map(({ model, cells, stronger }) => ({
    model,
    clean: cells[0]!,
    worst: cells[place],
    stronger: stronger[place],
  }));
  if (place < 0)
    return `${listText(rows.map(({ model, clean }) => `${model} classifies ${percent(clean.rate)}`))} of ${examples} rightly; ${subjects.some(({ model }) => model.attacks.length > 0) ? 'no attack was judged at a radius' : 'no attack was run'}.`;
  const { norm, epsilon, threat } = table.columns[place]!;
  const labels = subjects.flatMap(({ model }) =>
    model.worstCase
      .filter((one) => one.norm === norm)
      .flatMap(({ points }) => points.filter((point) => point.epsilon === epsilon)),
  );
  const used = [...new Set(labels.flatMap((point) => point.attacks))];
  const attacks = listText(used);
  const most = hasCaveat(used, subjects) ? 'at most ' : '';
  const least = ({ worst, stronger }: (typeof rows)[number]): number => (stronger?.robust ?? worst!).rate;
  const ranked = rows.filter(({ worst }) => worst).sort((a, b) => least(b) - least(a));
  const best = ranked[0]!;
  const { worst, stronger } = best;
  if (ranked.length === 1 && stronger)
    return (
      `Under ${triedText(stronger)}, ${best.model} still classifies ${percent(stronger.robust.rate)} of the first ${countText(stronger.robust.total)} of ${examples} rightly (95% interval ${percentRange(stronger.robust.interval)}%), ` +
      `against ${percent(best.clean.rate)} without an attack; the ${percent(worst!.rate)} under ${attacks} (${threat}) are too high.`
    );
  if (ranked.length === 1)
    return `Under ${attacks} (${threat}), ${best.model} still classifies ${most}${percent(worst!.rate)} of ${examples} rightly (95% interval ${percentRange(worst!.interval)}%), against ${percent(best.clean.rate)} without an attack.`;
  const last = ranked.at(-1)!;
  const share = (row: (typeof rows)[number]): string =>
    row.stronger
      ? `${percent(row.stronger.robust.rate)} (of the first ${countText(row.stronger.robust.total)}, under ${triedText(row.stronger)}; not ${percent(row.worst!.rate)})`
      : percent(row.worst!.rate);
  return (
    `Under ${attacks} (${threat}), ${best.model} still classifies ${most}${share(best)} of ${examples} rightly and ${last.model} ${most}${share(last)}; ` +
    `without an attack it is ${percent(best.clean.rate)} and ${percent(last.clean.rate)}.`
  );
}
