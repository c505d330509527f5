import { themeProperties } from './colours.js';
import { html, trusted, type Html } from './html.js';

/** The whole style of the page: nothing is loaded. */
const style = `
:root { color-scheme: light dark; ${themeProperties('light')} }
@media (prefers-color-scheme: dark) { :root { ${themeProperties('dark')} } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere; }
main { max-width: 960px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .6rem; letter-spacing: -.01em; }
h2 { font-size: 1.25rem; margin: 2.8rem 0 .6rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p { margin: .5rem 0; max-width: 46rem; }
nav.contents ol { list-style: none; padding: 0; margin: 1.2rem 0 0; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .9rem; }
.answer { font-size: 1.15rem; max-width: 48rem; margin: 0 0 1.6rem; }
small, figcaption, caption, .files { color: var(--quiet); font-size: .85rem; }
a { color: var(--link); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { caption-side: bottom; text-align: left; padding-top: .6rem; max-width: 46rem; }
.results { width: 100%; border-top: 2px solid var(--ink); border-bottom: 2px solid var(--ink); }
.results th, .results td { padding: .55rem .7rem; text-align: right; vertical-align: top; }
.results th:first-child { text-align: left; padding-left: 0; }
.results thead th { border-bottom: 1px solid var(--ink); font-weight: 600; }
.results thead small, .results td small, .results th small { display: block; font-weight: normal; white-space: nowrap; }
.results td small.bad { white-space: normal; font-weight: 600; }
.results tbody tr + tr > * { border-top: 1px solid var(--line); }
.results td b { font-weight: 400; }
.results td.best b { font-weight: 700; }
.results td.worst { background: var(--panel); }
.results .label { display: none; }
figure { margin: 1rem 0; }
figcaption { max-width: 46rem; margin-top: .4rem; }
figure svg { display: block; width: 100%; height: auto; }
.narrow { display: none; }
details { margin: .5rem 0; }
summary { cursor: pointer; color: var(--link); width: fit-content; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.scroll { overflow-x: auto; max-height: 24rem; overflow-y: auto; border: 1px solid var(--line); margin-top: .5rem; }
.numbers { font-size: .85rem; width: 100%; overflow-wrap: normal; }
.numbers th, .numbers td { padding: .25rem .7rem; text-align: left; white-space: nowrap; }
.numbers thead th { position: sticky; top: 0; background: var(--panel); }
.numbers .number { text-align: right; }
.files a { margin-right: .9rem; }
ul { padding-left: 1.2rem; margin: .5rem 0; max-width: 46rem; }
.findings { font-size: 1.05rem; }
.overview { font-size: 1.05rem; }
.checks { list-style: none; padding: 0; }
.checks li { border-left: 3px solid var(--bad); padding: .1rem 0 .1rem .8rem; margin: .9rem 0; }
.checks p { margin: .25rem 0; }
.cards { list-style: none; margin: .6rem 0 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); gap: 18px 10px; }
.cards li { text-align: center; font-size: .78rem; line-height: 1.35; font-variant-numeric: tabular-nums; }
.cards img { width: 100%; max-width: 112px; height: auto; image-rendering: pixelated; border: 1px solid var(--line); display: block; margin: 4px auto 2px; }
.cards .label { font-weight: 600; font-size: .85rem; }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
.bad a { color: inherit; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .3rem 1.2rem; margin: .5rem 0; }
dt { font-weight: 600; max-width: 14rem; }
dd { margin: 0; }
code { font: .85em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { background: var(--panel); border: 1px solid var(--line); padding: .7rem .9rem; white-space: pre-wrap; margin: .6rem 0; }
@media (max-width: 640px) {
  main { padding: 20px 16px 48px; }
  h1 { font-size: 1.5rem; }
  .wide { display: none; }
  .narrow { display: block; }
  .results { display: flex; flex-direction: column; border: 0; }
  .results tbody, .results tr, .results caption { display: block; }
  .results caption { order: 2; }
  .results tbody { border-top: 2px solid var(--ink); border-bottom: 2px solid var(--ink); }
  .results thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .results tbody tr { display: block; padding: .5rem 0; }
  .results tbody tr + tr { border-top: 1px solid var(--line); }
  .results tbody tr + tr > * { border-top: 0; }
  .results tbody th { display: block; padding: .2rem 0; text-align: left; }
  .results td { display: flex; justify-content: space-between; gap: 1rem; padding: .2rem .4rem; text-align: left; }
  .results .label { display: block; color: var(--quiet); }
  .results .label small, .results td .value small { display: inline; }
  .results .value { text-align: right; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .6rem; }
  .cards { grid-template-columns: repeat(auto-fill, minmax(72px, 1fr)); gap: 16px 8px; }
}
@media print { details, nav.contents, .files { display: none; } .cards { grid-template-columns: repeat(8, 1fr); } .cards li { break-inside: avoid; } h2 { break-after: avoid; } figure, tr { break-inside: avoid; } }
`;

/** Forbids everything that is not in the page itself. */
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** A complete HTML document. */
export function pageOf(title: string, body: readonly Html[]): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <title>${title}</title>
        <style>
          ${trusted(style)}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `.html;
}
