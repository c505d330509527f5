import { createRecord, encodeFloats } from '@advrob/evaluation';
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { renderReport, type Report } from './render-report.js';
import { sampleRecord, untrained } from '../test/support/sample-record.js';

let record: ReturnType<typeof sampleRecord>;
let report: Report;

beforeAll(async () => {
  record = sampleRecord();
  report = await renderReport(record);
});

/** All values of an attribute. */
function attributes(page: string, name: string): string[] {
  return Array.from(page.matchAll(new RegExp(` ${name}="([^"]*)"`, 'g')), ([, value]) => value!);
}

describe('the page', () => {
  it('needs nothing but itself', () => {
    expect(report.html).toMatch(/^<!doctype html>/);
    const written = report.html.replace(/data:[a-z+/]+;base64,[A-Za-z0-9+/=]+/g, '');
    expect(written).not.toMatch(/https?:|\/\/[a-z]|<script|<link|<iframe|@import|\son[a-z]+=/i);
    const references = attributes(report.html, 'href');
    const inside = references.filter((reference) => reference.startsWith('#'));
    for (const place of inside) expect(attributes(report.html, 'id')).toContain(place.slice(1));
    for (const uri of [...attributes(report.html, 'src'), ...references.filter((each) => !inside.includes(each))])
      expect(uri).toMatch(/^data:(image\/png|image\/svg\+xml|text\/csv);base64,[A-Za-z0-9+/=]+$/);
    expect(report.html).toContain('default-src &#39;none&#39;');
  });

  it('gives the answer and the table first', () => {
    const answer =
      'Under fgsm and pgd (L∞ 0.3), trades still classifies 44.0% of 1,000 mnist test examples rightly and standard 0.0%; ' +
      'without an attack it is 96.6% and 98.9%.';
    expect(report.html).toContain(answer);
    expect(report.html.indexOf(answer)).toBeLessThan(report.html.indexOf('<table'));
    expect(report.html.indexOf('class="results"')).toBeLessThan(report.html.indexOf('<svg'));
    expect(report.html).toMatch(/<b>97\.4%<\/b>\s*<small>96\.2–98\.2<\/small>/);
  });

  it('has every figure twice, for wide and narrow screens, with caption, text alternative and table', () => {
    const ids = ['accuracy', 'robust-accuracy-linf', 'training-loss', 'validation-accuracy'];
    for (const id of ids) {
      const section = report.html.slice(report.html.indexOf(`<h2 id="${id}"`)).split('</section>')[0]!;
      expect(section.match(/<svg role="img" aria-label="[^"]{20,}"/g)).toHaveLength(2);
      expect(section).toMatch(/<figcaption>[^<]{20,}/);
      expect(section).toMatch(/<table class="numbers">/);
      for (const type of ['svg', 'csv', 'vl.json']) expect(report.files).toHaveProperty([`${id}.${type}`]);
    }
    expect(report.files['table.tex']).toContain('\\toprule');
    expect(Object.keys(report.files)).toHaveLength(3 * ids.length + 1);
  });

  it('has the warnings of the record under the answer, as the Markdown has', async () => {
    const warnings = [{ message: 'all examples are of <one> class' }, { model: 'trades', message: 'is at chance' }];
    const warned = await renderReport({ ...record, warnings });
    const page = warned.html.slice(0, warned.html.indexOf('<table'));
    expect(page).toContain('Warning: all examples are of &#60;one&#62; class');
    expect(page).toContain('Warning: trades: is at chance');
    expect(warned.markdown).toContain('**Warning: trades: is at chance**\n');
    expect(warned.markdown.indexOf('Warning')).toBeLessThan(warned.markdown.indexOf('\n|'));
    const both = await renderReport([{ ...record, warnings }, record]);
    expect(both.html).toContain(`Warning: ${record.title}, trades: is at chance`);
    expect(report.html).not.toContain('Warning');
  });

  it('draws axes with titles and units', () => {
    const svg = report.files['robust-accuracy-linf.svg']!;
    for (const text of [
      'Robust accuracy',
      'Epsilon (L∞, in units of the input)',
      '100%',
      '0.30',
      'pgd-at',
      'worst case',
    ])
      expect(svg).toContain(`>${text}</text>`);
    expect(svg).not.toContain('var(');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(report.html).toContain('var(--series-1)');
  });

  it('shows the examples with text alternatives', () => {
    const images = report.html.match(/<img [^>]*>/g)!;
    expect(images).toHaveLength(3 * 8 * 3);
    for (const image of images) expect(image).toMatch(/ alt="[^"]{5,}"/);
    expect(report.html.match(/>fooled</g)).toHaveLength(7 + 1 + 1);
    expect(report.html.match(/>withstood</g)).toHaveLength(6 + 6);
    expect(report.html.match(/>wrong already</g)).toHaveLength(3);
    expect(report.html).toMatch(/change magnified\s+2\.5/);
  });

  it('says what reproduces it', () => {
    for (const text of [
      record.command!,
      record.data.hash,
      ...record.models.map(({ modelHash }) => modelHash!),
      'data 0, training 0, evaluation 0',
      '@tensorflow/tfjs-core 4.22.0',
      'steps 40, stepSize 0.01',
      '4 min 31 s',
    ])
      expect(report.html).toContain(text);
  });

  it('says of an attack that it is an upper bound: in answer, table and list of attacks', async () => {
    const attacks = record.models[0]!.attacks.map((attack) => ({ ...attack, caveat: 'is an upper bound on more' }));
    const { html, markdown } = await renderReport({ ...record, models: [{ ...record.models[0]!, attacks }] });
    expect(html).toMatch(/still classifies at most \d/);
    expect(html).toContain('; is an upper bound on more');
    expect(markdown).toContain('pgd, at most, L∞ 0.3');
    expect(report.html).not.toContain('at most');
  });

  it('has ids that occur once, and references that exist', () => {
    const ids = attributes(report.html, 'id');
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of report.html.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(id);
  });

  it('opens and closes its elements in order', () => {
    const open: string[] = [];
    const empty = new Set(['meta', 'img', 'br', 'rect', 'line', 'path', 'use']);
    for (const [tag, slash, name] of report.html
      .replace(/<!doctype html>|<style>[^]*?<\/style>/g, '')
      .matchAll(/<(\/?)([a-z0-9]+)[^>]*>/gi)) {
      if (tag.endsWith('/>') || (empty.has(name!) && !slash)) continue;
      if (slash) expect(open.pop()).toBe(name);
      else open.push(name!);
    }
    expect(open).toEqual([]);
  });

  it('is equal for equal records', async () => {
    expect(await renderReport(sampleRecord())).toEqual(report);
  });
});

describe('hostile and odd records', () => {
  const evil = `"><script>alert('x')</script>&<img src=x onerror=alert(1)>$&\``;

  it('escapes every text of a record', async () => {
    const spoil = (value: unknown): unknown => {
      if (typeof value === 'string') return value === 'advrob-record' ? value : evil + value;
      return value;
    };
    const [first, ...others] = record.models;
    const attacks = first!.attacks.map((attack) => ({
      ...attack,
      label: evil + attack.label,
      options: { [evil]: evil },
    }));
    const worstCase = first!.worstCase.map((worst) => ({
      ...worst,
      points: worst.points.map((point) => ({ ...point, attacks: point.attacks.map((name) => evil + name) })),
    }));
    const samples = first!.samples.map((sample) => ({
      ...sample,
      attacked: sample.attacked.map((attacked) => ({ ...attacked, attack: evil + attacked.attack })),
    }));
    const training = {
      ...first!.training!,
      method: evil,
      curves: first!.training!.curves.map((curve) =>
        curve.on === 'validation' ? { ...curve, name: evil + curve.name } : curve,
      ),
    };
    const architecture = { ...first!.architecture!, name: evil };
    const hostile = createRecord({
      ...record,
      title: evil,
      command: evil,
      config: { [evil]: evil },
      environment: {
        ...record.environment,
        backend: evil,
        runtime: evil,
        platform: evil,
        cpu: evil,
        versions: { [evil]: evil },
      },
      seeds: { [evil]: 1 },
      data: { ...record.data, name: evil, split: evil, hash: evil, classNames: Array(10).fill(evil) as string[] },
      models: [
        {
          ...first!,
          name: String(spoil(first!.name)),
          modelHash: evil,
          description: evil,
          attacks,
          worstCase,
          samples,
          training,
          architecture,
        },
        ...others,
      ],
    });
    const { html, markdown, files } = await renderReport(hostile);
    for (const text of [
      html,
      ...Object.entries(files).flatMap(([name, file]) => (name.endsWith('.svg') ? [file] : [])),
    ]) {
      expect(text).not.toMatch(/<script/i);
      expect(text).not.toMatch(/<img src=x/i);
    }
    expect(markdown.slice(markdown.indexOf('|'))).not.toMatch(/(?<!\\)<script/);
    expect(html.match(/<h1>([^<]*)<\/h1>/)![1]).toContain('&#60;script&#62;');
  });

  it('takes numbers that nothing can be drawn of', async () => {
    const [first] = record.models;
    const points = [1, 2, 3].map((step): [number, number] => [step, step % 2 === 0 ? 5e-324 : -5e-324]);
    const curves = first!.training!.curves.slice(0, 1).map((curve) => ({ ...curve, points }));
    const model = { ...first!, samples: [], attacks: [], worstCase: [], training: { ...first!.training!, curves } };
    const { html, files } = await renderReport(createRecord({ ...record, models: [model] }));
    expect(html).toMatch(/<h2 id="training-loss">[^]*Not drawn: /);
    expect(files['training-loss.csv']).toContain('5e-324');
  });

  it('leaves out what a record does not have', async () => {
    const models = record.models
      .slice(0, 1)
      .map(({ training: _, architecture: __, ...model }) => ({ ...model, samples: [] }));
    const { html, files } = await renderReport(createRecord({ ...record, command: null, models }));
    expect(html).not.toContain('<img');
    expect(html).not.toContain('Training loss');
    expect(html).toContain(
      'standard still classifies 0.0% of 1,000 mnist test examples rightly (95% interval 0.0–0.4%)',
    );
    expect(Object.keys(files).filter((name) => name.endsWith('.svg'))).toEqual([
      'accuracy.svg',
      'robust-accuracy-linf.svg',
    ]);
  });

  it('takes a record without attacks', async () => {
    const models = record.models.map((model) => ({
      ...model,
      attacks: [],
      worstCase: [],
      samples: [],
      robust: model.clean,
    }));
    const { html, markdown } = await renderReport(createRecord({ ...record, models }));
    expect(html).toContain('no attack was run');
    expect(markdown).toContain('| Model | Clean |');
  });

  it('shows no pictures of examples that are none', async () => {
    const data = { ...record.data, inputShape: [28 * 28] };
    const models = untrained(record.models.slice(0, 1));
    expect((await renderReport(createRecord({ ...record, data, models }))).html).not.toContain('<img');
  });

  it('shows colour pictures', async () => {
    const image = encodeFloats(new Float32Array(4 * 5 * 3).fill(0.5));
    const models = untrained(record.models.slice(0, 1)).map((model) => ({
      ...model,
      samples: model.samples.map((sample) => ({
        ...sample,
        clean: { ...sample.clean, image },
        attacked: sample.attacked.map((attacked) => ({ ...attacked, image })),
      })),
    }));
    const data = {
      ...record.data,
      inputShape: [4, 5, 3],
      classNames: 'airplane automobile bird cat deer dog frog horse ship truck'.split(' '),
    };
    const { html } = await renderReport(createRecord({ ...record, data, models }));
    expect(html).toContain('width="5" height="4"');
    expect(html).toContain('automobile (98.1%)');
  });
});

describe('several records', () => {
  it('compares their models, keeps names apart, and warns of different data', async () => {
    const other = createRecord({
      ...sampleRecord(['standard']),
      title: 'Another run',
      data: { ...record.data, hash: 'cd'.repeat(32) },
    });
    const brief = { ...record, models: untrained(record.models) };
    const { html, markdown } = await renderReport([brief, other], { title: 'Both' });
    expect(html).toContain('<h1>Both</h1>');
    expect(markdown).toContain('standard (Another run)');
    expect(html).toContain('measured on different data');
    expect(html).toContain('still classifies 44.0% of their examples');
    expect((await renderReport([brief, brief])).markdown).toContain('#1');
    await expect(renderReport([])).rejects.toThrow('ADVROB_RECORD');
  });
});

describe('the lists of figures and sections', () => {
  it.each(['figures', 'sections'])('have a row for every file of %s that shows something', (folder) => {
    const pages = ['render-report.ts', 'render-sweep.ts'];
    const list = pages.map((page) => readFileSync(new URL(page, import.meta.url), 'utf8')).join();
    const shows = /^export function \w+\([^]*?\): (Figure(\[\])?|Html( \| undefined)?) \{/m;
    const missing = readdirSync(new URL(`${folder}/`, import.meta.url))
      .filter((name) => !name.endsWith('.test.ts'))
      .filter((name) => shows.test(readFileSync(new URL(`${folder}/${name}`, import.meta.url), 'utf8')))
      .filter((name) => !list.includes(`'./${folder}/${name.replace(/\.ts$/, '.js')}'`))
      .map((name) => `no page shows ${folder}/${name}: add a row to the list of ${folder} in render-report.ts`);
    expect(missing).toEqual([]);
  });
});

describe('the table in other forms', () => {
  it('is Markdown and JSON with the same numbers', () => {
    const lines = report.markdown.trim().split('\n').slice(2);
    expect(lines[0]).toBe('| Model | Clean | fgsm, L∞ 0.3 | pgd, L∞ 0.3 | Worst case, L∞ 0.3 |');
    expect(lines[3]).toContain('| 97.4% (96.2–98.2) | 61.0% (57.9–64.0) |');
    const entries = JSON.parse(report.json) as Record<string, unknown>[];
    expect(entries).toHaveLength(3 * 4);
    expect(entries[5]).toEqual({
      model: 'pgd-at',
      kind: 'attack',
      attack: 'fgsm',
      norm: 'linf',
      epsilon: 0.3,
      ...record.models[1]!.attacks[0]!.points.at(-1)!.robust,
    });
  });

  it('compares at the radius that is asked for', async () => {
    const { markdown } = await renderReport(
      { ...record, models: untrained(record.models) },
      { epsilon: { linf: 0.1 } },
    );
    expect(markdown).toContain('pgd, L∞ 0.1');
    expect(markdown).toContain('| pgd-at | 97.4% (96.2–98.2) | 93.0% (91.2–94.4) | 92.1% (90.3–93.6) |');
  });
});
