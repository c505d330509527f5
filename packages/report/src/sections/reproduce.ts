import type { RunRecord } from '@advrob/evaluation';
import { countText, durationText } from '../format.js';
import { html, type Html } from '../page/html.js';

/** What it takes to get the same numbers. */
export function reproduceSection(records: readonly RunRecord[]): Html {
  return html`<section>
    <h2 id="reproduce">Reproduce</h2>
    ${records.map(
      (record) =>
        html`${records.length > 1 && html`<h3>${record.title}</h3>`}
          ${record.command !== null && html`<pre><code>${record.command}</code></pre>`}
          <dl>
            ${entries(record).map(
              ([name, value]) =>
                html`<dt>${name}</dt>
                  <dd>${value}</dd>`,
            )}
          </dl>
          <details>
            <summary>Resolved configuration</summary>
            <pre><code>${JSON.stringify(record.config, undefined, 2)}</code></pre>
          </details>`,
    )}
  </section>`;
}

function entries({ environment, seeds, data, models, timing }: RunRecord): (readonly [string, Html | string])[] {
  const versions = Object.entries(environment.versions).map(([name, version]) => `${name} ${version}`);
  const seconds = (timing as { seconds?: unknown } | null)?.seconds;
  const code = (text: string): Html => html`<code>${text}</code>`;
  return [
    [
      'Seeds',
      Object.entries(seeds)
        .map(([name, seed]) => `${name} ${seed}`)
        .join(', '),
    ],
    ...(data
      ? [
          [
            'Data',
            html`${data.name} ${data.split ?? ''}, ${countText(data.length)} examples, ${code(data.hash)}`,
          ] as const,
        ]
      : []),
    ...models.map(
      ({ name, modelHash }) => [`Weights of ${name}`, modelHash === null ? 'none' : code(modelHash)] as const,
    ),
    ['Backend', environment.backend],
    ['Machine', [environment.runtime, environment.platform, environment.cpu].filter(Boolean).join(', ')],
    ['Versions', versions.join(', ')],
    ...(typeof seconds === 'number' ? ([['Time', durationText(seconds)]] as const) : []),
  ].filter(([, value]) => value !== '') as (readonly [string, Html | string])[];
}
