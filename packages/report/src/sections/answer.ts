import { countText, listText, percent, percentRange } from '../format.js';
import type { MainTable } from '../main-table.js';
import type { Subject } from '../subjects.js';

/** The result in one sentence. */
export function answerText(subjects: readonly Subject[], table: MainTable): string {
  const { data } = subjects[0]!;
  const isOneSet = subjects.every((subject) => subject.data.hash === data.hash);
  const examples = isOneSet
    ? `${countText(data.length)} ${data.name} ${data.split ?? ''} examples`.replace(/ +/g, ' ')
    : 'their examples';
  const place = table.columns.findIndex(({ kind }) => kind === 'worst');
  const rows = table.rows.map(({ model, cells }) => ({ model, clean: cells[0]!, worst: cells[place] }));
  if (place < 0)
    return `${listText(rows.map(({ model, clean }) => `${model} classifies ${percent(clean.rate)}`))} of ${examples} rightly; ${subjects.some(({ model }) => model.attacks.length > 0) ? 'no attack was judged at a radius' : 'no attack was run'}.`;
  const { norm, epsilon, threat } = table.columns[place]!;
  const labels = subjects.flatMap(({ model }) =>
    model.worstCase
      .filter((one) => one.norm === norm)
      .flatMap(({ points }) => points.filter((point) => point.epsilon === epsilon)),
  );
  const attacks = listText([...new Set(labels.flatMap((point) => point.attacks))]);
  const ranked = rows.filter(({ worst }) => worst).sort((a, b) => b.worst!.rate - a.worst!.rate);
  const best = ranked[0]!;
  if (ranked.length === 1)
    return `Under ${attacks} (${threat}), ${best.model} still classifies ${percent(best.worst!.rate)} of ${examples} rightly (95% interval ${percentRange(best.worst!.interval)}%), against ${percent(best.clean.rate)} without an attack.`;
  const last = ranked.at(-1)!;
  return (
    `Under ${attacks} (${threat}), ${best.model} still classifies ${percent(best.worst!.rate)} of ${examples} rightly and ${last.model} ${percent(last.worst!.rate)}; ` +
    `without an attack it is ${percent(best.clean.rate)} and ${percent(last.clean.rate)}.`
  );
}
