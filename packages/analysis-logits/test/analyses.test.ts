import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { pgd } from '@advrob/attacks';
import type { Classifier } from '@advrob/core';
import { linearClassifier } from '@advrob/core/testing';
import { decodeFloats } from '@advrob/evaluation';
import { renderFigure, type Figure } from '@advrob/report';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { pictureFormat, pictureUri } from '../../report/src/page/picture.js';
import { commonBins } from '../src/statistics/dyadic-histogram.js';
import { logitComparison } from '../src/analyses/logit-comparison.js';
import { logitStatistics } from '../src/logit-statistics.js';
import { logitStatisticsAnalysis } from '../src/analyses/logit-statistics.js';
import { manipulatedDistillation } from '../src/analyses/manipulated-distillation.js';
import type { Figure as FigureJson } from '@advrob/core/figure';
import type { MeasureName } from '../src/measures.js';
import { classes, noMemo, smallContext, smallData, smallModel } from './support/situation.js';
import { tableData } from './support/table-data.js';

beforeAll(() => tf.setBackend('cpu'));

const context = async () => ({ ...(await smallContext()), memo: noMemo });

/** A figure of ours as the report draws it. */
const drawable = ({ spec, ...figure }: FigureJson): Figure => ({
  ...figure,
  rows: figure.rows as Figure['rows'],
  spec: () => spec as unknown as ReturnType<Figure['spec']>,
});
async function expectDrawn(figures: readonly FigureJson[]) {
  for (const figure of figures) {
    const { drawing, csv } = await renderFigure(drawable(figure));
    if ('problem' in drawing) throw new Error(drawing.problem);
    const { svg } = drawing;
    expect(svg).toMatch(/^<svg /);
    expect(svg, figure.id).not.toContain('NaN');
    expect(csv.trim().split('\n')).toHaveLength(figure.rows.length + 1);
    expect(Object.keys(figure.rows[0]!)).toEqual(Object.keys(figure.columns));
    expect(figure.spec['data']).toEqual({ values: figure.rows });
    expect(figure.caption.length * figure.alt.length).toBeGreaterThan(0);
  }
  expect(new Set(figures.map(({ id }) => id)).size).toBe(figures.length);
}

describe('logit-statistics', () => {
  it('has what the function finds, for clean and adversarial inputs, and figures that are drawn', async () => {
    const given = await context();
    const result = await logitStatisticsAnalysis({ attackSteps: 3 }).analyze(given);
    const expected = await logitStatistics(given.models.model, given.data);
    for (const [name, { histogram, ...rest }] of Object.entries(result.statistics['clean']!.measures)) {
      const { histogram: fine, ...all } = expected.measures[name as MeasureName];
      expect(rest).toEqual(all);
      expect(histogram.counts.length).toBeLessThanOrEqual(48);
      expect(histogram).toEqual(commonBins([fine], 48)[0]);
    }
    expect(result.statistics['adversarial']!.accuracy).toBeLessThan(expected.accuracy);
    expect(result.statistics['adversarial']!.measures.trueConfidence.mean).toBeLessThan(
      expected.measures.trueConfidence.mean,
    );
    expect(result.figures).toHaveLength(5);
    await expectDrawn(result.figures);
    expect(result.tables[0]!.rows).toHaveLength(10);
    for (const row of result.tables[0]!.rows) expect(Object.keys(row)).toEqual(Object.keys(result.tables[0]!.columns));
  });

  it('leaves the attack out when it has no steps', async () => {
    const { statistics } = await logitStatisticsAnalysis({ attackSteps: 0 }).analyze(await context());
    expect(Object.keys(statistics)).toEqual(['clean']);
  });
});

describe('logit-comparison', () => {
  it('shows examples whose pixels, classes and differences are right', async () => {
    const given = await context();
    const { exemplars, galleries, findings, confidence, ordering, maps, figures } = await logitComparison({
      attackSteps: 0,
      exemplars: 3,
    }).analyze(given);
    await expectDrawn(figures);
    for (const { rows, spec } of figures.slice(0, 5)) {
      // Bars that stand on the axis, and every example in one of them.
      expect(spec['encoding']).toMatchObject({ x: { bin: { binned: true } } });
      for (const model of ['standard', 'robust']) {
        const own = rows.filter((row) => row['model'] === model);
        expect(own.reduce((sum, row) => sum + Number(row['share']), 0)).toBeCloseTo(1, 10);
      }
    }
    expect(confidence.spearman).toBeLessThan(1);
    expect(ordering!.meanTau).toBeLessThan(1);
    expect(maps.robust.counts.reduce((sum, count) => sum + count, 0)).toBe(given.data.length);

    const probabilities = async (model: Classifier, x: tf.Tensor): Promise<number[]> => {
      const p = tf.tidy(() => tf.softmax(model.logits(x)));
      const values = Array.from(await p.data());
      p.dispose();
      return values;
    };
    const shown = [exemplars.byConfidence, exemplars.byRank].flatMap(({ positive, negative }) => [
      ...positive,
      ...negative,
    ]);
    expect(shown.length).toBeGreaterThan(3);
    const pictures = galleries[0]!.groups.flatMap((group) => group.pictures);
    expect(pictures).toHaveLength(shown.length);
    expect(findings[1]).toContain(confidence.spearman!.toFixed(2));
    for (const [i, { id, label, standard, robust, difference }] of shown.entries()) {
      const { image, lines } = pictures[i]!;
      expect(lines[0]).toBe(String(label));
      for await (const { x, y } of given.data.subset(Int32Array.of(id)).batches({ size: 1 })) {
        expect([...decodeFloats(image)]).toEqual([...(await x.data())]);
        expect((await y.data())[0]).toBe(label);
        const both = [await probabilities(given.models.standard, x), await probabilities(given.models.robust, x)];
        expect([standard.prediction, robust.prediction]).toEqual([label, label]);
        expect(robust.confidence).toBeCloseTo(Math.max(...both[1]!), 5);
        expect(difference).toBeCloseTo(Math.max(...both[1]!) - Math.max(...both[0]!), 5);
        tf.dispose([x, y]);
      }
      const format = pictureFormat(exemplars.shape, exemplars.bounds as [number, number])!;
      expect(pictureUri(decodeFloats(image), format)).toMatch(/^data:image\/png;base64,iVBORw0KGgo/);
    }
    const { negative } = exemplars.byConfidence;
    expect(negative.map(({ difference }) => difference)).toEqual(
      negative.map(({ difference }) => difference).toSorted((a, b) => a - b),
    );
  });

  it('of a model with itself finds no difference', async () => {
    const given = await context();
    const models = { standard: given.models.model, robust: given.models.model };
    const { confidence, ordering, exemplars } = await logitComparison({ attackSteps: 0 }).analyze({ ...given, models });
    expect(confidence.spearman).toBeCloseTo(1, 12);
    expect(confidence.meanDifference).toBe(0);
    expect(ordering).toEqual({ meanTau: 1, meanOverlap: null });
    expect(exemplars.byRank).toEqual({ positive: [], negative: [] });
  });

  it('of models of two classes has no ordering, and says null', async () => {
    const given = await context();
    const make = (scale: number) =>
      linearClassifier({
        weights: [
          [scale, -scale],
          [0, 1],
        ],
        bias: [0, 0],
      });
    const data = tableData({ x: [0.1, 0.9, 0.8, 0.2, 0.6, 0.4], inputs: 2, labels: [1, 0, 0], classes: 2 });
    const models = { standard: make(2), robust: make(1) };
    const { ordering, maps } = await logitComparison({ attackSteps: 2 }).analyze({ ...given, data, models });
    expect(ordering).toBeNull();
    expect(maps.robust.means).toHaveLength(2);
  });
});

describe('manipulated-distillation', () => {
  it('trains one student per manipulation from the same start, and draws them', async () => {
    const given = await context();
    const options = { epochs: 8, trainBatchSize: 10, attackSteps: 3, shares: [0.5, 1], learningRate: 0.5 };
    const result = await manipulatedDistillation({ ...options, manipulations: ['M0', 'M8', 'M3'] }).analyze(given);
    expect([result.train, result.test]).toEqual([38, 10]);
    const [standard, robust, , m0, m8, m3] = result.arms;
    expect(result.arms.map(({ arm }) => arm.split(':')[0])).toEqual([
      'standard',
      'robust',
      'student of standard',
      'M0',
      'M8',
      'M3',
    ]);
    // The softmax does not see the shift of M8.
    expect(m8!.points).toEqual(m0!.points);
    expect(m8!.meanGap).toBeCloseTo(m0!.meanGap, 3);
    expect(m3!.meanGap).not.toBeCloseTo(m0!.meanGap, 3);
    expect(m0!.meanGap).toBeLessThan(standard!.meanGap);
    expect(robust!.clean.total).toBe(10);
    await expectDrawn(result.figures);
  });

  it('takes all manipulations that the classes allow', async () => {
    const given = await context();
    const data = tableData({
      x: [0.1, 0.9, 0.8, 0.2, 0.6, 0.4, 0.3, 0.7],
      inputs: 2,
      labels: [1, 0, 0, 1],
      classes: 2,
    });
    const make = (scale: number) =>
      linearClassifier({
        weights: [
          [scale, -scale],
          [-scale, scale],
        ],
        bias: [0, 0],
      });
    const models = { standard: make(2), robust: make(1), student: make(0.1) };
    const { arms } = await manipulatedDistillation({ epochs: 1, testShare: 0.5, attackSteps: 1 }).analyze({
      ...given,
      data,
      models,
    });
    expect(arms.slice(3).map(({ arm }) => arm.split(':')[0])).toEqual(['M0', 'M5', 'M6', 'M7', 'M8', 'M10', 'M11']);
  });

  it('gives the student its weights back when training fails', async () => {
    const given = await context();
    const weight = given.models.student.weights['last.weight']!;
    const values = [...(await weight.data())];
    const analysis = manipulatedDistillation({
      manipulations: ['M0'],
      learningRate: 1e30,
      epochs: 3,
      trainBatchSize: 10,
    });
    await expect(analysis.analyze(given)).rejects.toMatchObject({ code: 'ADVROB_TRAINING_DIVERGED' });
    expect([...(await weight.data())]).toEqual(values);
  });
});

describe('a model or data that cannot be treated', () => {
  const clean = { attackSteps: 0 } as const;
  const of =
    (model: Classifier, data = smallData()) =>
    async () => {
      const given = await context();
      return logitStatisticsAnalysis(clean).analyze({ ...given, models: { model }, data });
    };
  const constant = (logits: number[]): Classifier => ({
    ...smallModel(1),
    logits: (x) => tf.tidy(() => tf.tile(tf.tensor2d(logits, [1, logits.length]), [x.shape[0]!, 1])),
  });
  it.each<[string, () => Promise<unknown>, string]>([
    ['no examples', of(smallModel(1), smallData(0)), 'ADVROB_DATA_EMPTY'],
    ['another shape', of({ ...smallModel(1), inputShape: [6] }), 'ADVROB_SHAPE'],
    ['fewer classes than the data', of({ ...smallModel(1), numClasses: 3 }), 'ADVROB_SHAPE'],
    ['outputs that are not its classes', of(constant([1, 2, 3])), 'ADVROB_SHAPE'],
    ['other bounds', of({ ...smallModel(1), bounds: [-1, 1] }), 'ADVROB_BOUNDS'],
    ['NaN', of(constant([1, NaN, 0, 0, 0])), 'ADVROB_NOT_FINITE'],
    ['probabilities', of(constant([0.5, 0.5, 0, 0, 0])), 'ADVROB_PROBABILITIES'],
    [
      'labels out of range',
      of(smallModel(1), tableData({ x: [0, 0, 0, 0, 0, 0], inputs: 6, labels: [9], classes, inputShape: [2, 3, 1] })),
      'ADVROB_LABEL',
    ],
  ])('%s', async (_, analyze, code) => {
    await expect(analyze()).rejects.toMatchObject({ name: 'AdvrobError', code });
  });

  it('names the role, and models of different classes', async () => {
    const given = await context();
    const robust = { ...given.models.robust, inputShape: [6] };
    await expect(logitComparison(clean).analyze({ ...given, models: { ...given.models, robust } })).rejects.toThrow(
      /model 'robust' takes \[6\]/,
    );
    const other = linearClassifier({ weights: [[1, -1]], bias: [0, 0] });
    await expect(
      logitComparison(clean).analyze({ ...given, models: { standard: given.models.standard, robust: other } }),
    ).rejects.toThrow(/'standard' knows 5 classes and 'robust' 2/);
  });

  it('manipulations that change nothing, too little data, and an attack without a threat', async () => {
    const given = await context();
    const data = tableData({ x: [0.1, 0.9], inputs: 1, labels: [1, 0], classes: 2 });
    const make = () => linearClassifier({ weights: [[1, -1]], bias: [0, 0] });
    const models = { standard: make(), robust: make(), student: make() };
    const distillation = (options: object) => manipulatedDistillation(options).analyze({ ...given, data, models });
    await expect(distillation({ manipulations: ['M3'] })).rejects.toThrow(/M3 change nothing with 2 classes/);
    await expect(distillation({ testShare: 0.9 })).rejects.toMatchObject({ code: 'ADVROB_DATA_EMPTY' });
    await expect(logitStatistics(make(), data, { attack: pgd() })).rejects.toMatchObject({
      code: 'ADVROB_ATTACK_MISSING',
    });
  });

  it('stops on request', async () => {
    const given = await context();
    const signal = AbortSignal.abort();
    await expect(logitStatisticsAnalysis().analyze({ ...given, signal })).rejects.toMatchObject({
      code: 'ADVROB_ABORTED',
    });
  });

  it('leaves no tensors behind', async () => {
    const model = smallModel(1);
    await of(model, smallData(0))().catch(() => undefined);
    await of({ ...model, bounds: [-1, 1] })().catch(() => undefined);
    const before = tf.memory().numTensors;
    await expect(logitStatistics(constantNaN(model), smallData())).rejects.toThrow('ADVROB_NOT_FINITE');
    expect(tf.memory().numTensors).toBe(before);
  });
});

function constantNaN(model: Classifier): Classifier {
  return { ...model, logits: (x) => tf.tidy(() => tf.mul(model.logits(x), NaN)) };
}
