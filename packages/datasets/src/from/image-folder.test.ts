import type { Dataset } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { encode } from 'fast-png';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import expected from '../../test/files/png.json' with { type: 'json' };
import { fileBytes, filePath } from '../../test/test-files.js';
import { imageFolder } from './image-folder.js';

let directory = '';
beforeAll(() => tf.setBackend('cpu'));
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'advrob-folder-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function put(path: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(join(directory, path)), { recursive: true });
  await writeFile(join(directory, path), content);
}
const grey = (value: number, width = 6) =>
  encode({ width, height: 4, channels: 1, depth: 8, data: new Uint8Array(4 * width).fill(value) });

async function contentOf(dataset: Dataset, seed?: number): Promise<{ x: number[][]; y: number[] }> {
  const x: number[][] = [];
  const y: number[] = [];
  for await (const batch of dataset.batches({ size: 2, seed })) {
    x.push(...((await tf.reshape(batch.x, [batch.ids.length, -1]).array()) as number[][]));
    y.push(...(await batch.y.data()));
  }
  return { x, y };
}

describe('image-folder', () => {
  it('reads pictures by class, in name order, grey ones as colours where others are coloured', async () => {
    await mkdir(join(directory, 'train/cat'), { recursive: true });
    await cp(filePath('png/colour.png'), join(directory, 'train/cat/a.png'));
    await cp(filePath('png/opaque.png'), join(directory, 'train/cat/B.PNG'));
    await put('train/dog/x.png', grey(51));
    await put('test/cat/x.png', grey(255));
    await put('test/dog/x.png', grey(0));
    const { train, test, validation } = await imageFolder({ directory });
    expect([train.length, validation.length, test.length]).toEqual([3, 0, 2]);
    expect(train.classNames).toEqual(['cat', 'dog']);
    expect(train.inputShape).toEqual([4, 6, 3]);
    const { x, y } = await contentOf(train);
    expect(y).toEqual([0, 0, 1]);
    expect(x[0]).toEqual(expected.opaque.data.map((byte) => Math.fround(byte / 255)));
    expect(x[1]).toEqual(expected.colour.data.map((byte) => Math.fround(byte / 255)));
    expect(new Set(x[2])).toEqual(new Set([Math.fround(0.2)]));
    expect((await contentOf(test)).x.map(([first]) => first)).toEqual([1, 0]);
  });

  it('hashes content and labels, takes a validation folder, and keeps no picture in memory', async () => {
    for (const part of ['train', 'test', 'validation'])
      for (const name of ['a/1', 'a/2', 'b/1'])
        await put(`${part}/${name}.png`, grey(part.length + name.charCodeAt(2)));
    const first = await imageFolder({ directory });
    expect(first.validation.length).toBe(3);
    expect((await imageFolder({ directory })).train.hash).toBe(first.train.hash);
    await put('train/a/2.png', grey(99));
    const second = await imageFolder({ directory });
    expect(second.train.hash).not.toBe(first.train.hash);
    expect((await contentOf(second.train)).x[1]![0]).toBe(Math.fround(99 / 255));
    await expect(imageFolder({ directory, validation: 1 })).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
  });

  it('says which file is in the way', async () => {
    await put('train/a/1.png', grey(1));
    await put('test/a/1.png', grey(1));
    const refused = async (code: string, says: string) => {
      const action = imageFolder({ directory });
      await expect(action).rejects.toMatchObject({ code, message: expect.stringContaining(says) as string });
    };
    await put('test/c/1.png', grey(1));
    await refused('ADVROB_SHAPE', 'found a, c');
    await rm(join(directory, 'test/c'), { recursive: true });
    await put('train/a/2.png', grey(1, 5));
    await refused('ADVROB_SHAPE', '2.png');
    await put('train/a/2.png', Uint8Array.of(1, 2));
    await refused('ADVROB_DATA_FORMAT', '2.png');
    await rm(join(directory, 'train/a/2.png'));
    await put('train/a/notes.txt', Uint8Array.of(1));
    await refused('ADVROB_DATA_FORMAT', 'notes.txt');
    await rm(join(directory, 'train/a/notes.txt'));
    await symlink('/etc/hostname', join(directory, 'train/a/3.png'));
    await refused('ADVROB_DATA_FORMAT', 'links');
    await rm(join(directory, 'test'), { recursive: true });
    await refused('ADVROB_DATA_MISSING', "folder 'test'");
    await rm(join(directory, 'train'), { recursive: true });
    await refused('ADVROB_DATA_MISSING', 'found nothing');
    await symlink('/etc', join(directory, 'train'));
    await refused('ADVROB_DATA_FORMAT', 'train: links');
  });

  it('takes what people have: the test part alone, class folders alone, a table, one class, one picture', async () => {
    const jpeg = await fileBytes('pictures/420.jpg');
    const webp = await fileBytes('pictures/lossy.webp');
    const labelsOf = async (options: Partial<Parameters<typeof imageFolder>[0]> = {}) => {
      const { train, validation, test } = await imageFolder({ directory, resize: 8, crop: [4, 6], ...options });
      expect([train.length, validation.length, test.inputShape.slice(0, 2)]).toEqual([0, 0, [4, 6]]);
      return { y: (await contentOf(test)).y, classes: test.numClasses, names: test.classNames };
    };
    await put('val/a/1.jpg', jpeg);
    await put('val/b/1.webp', webp);
    await put('val/b/2.JPEG', jpeg);
    const folders = { y: [0, 1, 1], classes: 2, names: ['a', 'b'] };
    expect(await labelsOf({ test: 'val' })).toEqual(folders);
    expect(await labelsOf({ directory: join(directory, 'val') })).toEqual(folders);
    await put('flat/1.jpg', jpeg);
    await put('flat/2.webp', webp);
    const flat = { directory: join(directory, 'flat') };
    await expect(imageFolder(flat)).rejects.toMatchObject({
      code: 'ADVROB_LABEL',
      message: expect.stringMatching(/labels\.csv.*option label/) as string,
    });
    expect(await labelsOf({ ...flat, label: 7, numClasses: 10 })).toEqual({ y: [7, 7], classes: 10, names: undefined });
    expect((await labelsOf({ directory: join(directory, 'flat/1.jpg'), label: 3 })).y).toEqual([3]);
    await put('flat/labels.csv', Buffer.from('image_id;class\r\n2;cat\r\n1.jpg;"dog"\r\n'));
    expect(await labelsOf(flat)).toEqual({ y: [0, 1], classes: 2, names: ['cat', 'dog'] });
    await put('table.csv', Buffer.from('1.jpg,4\n2.webp,0\n'));
    expect(await labelsOf({ ...flat, labels: join(directory, 'table.csv') })).toMatchObject({ y: [4, 0], classes: 5 });
  });

  it('goes by a map of classes, of which a part may lack some', async () => {
    await put('n01443537/1.png', grey(1));
    await put('n01440764/1.png', grey(2));
    const map = { 0: ['n01440764', 'tench'], 1: ['n01443537', 'goldfish'], 2: ['n01484850', 'great_white_shark'] };
    await writeFile(join(directory, 'classes.json'), JSON.stringify(map));
    const pictures = join(directory, 'pictures');
    for (const name of Object.values(map).slice(0, 2))
      await cp(join(directory, name[0]!), join(pictures, name[0]!), { recursive: true });
    const { test } = await imageFolder({ directory: pictures, classes: join(directory, 'classes.json') });
    expect([test.numClasses, test.classNames]).toEqual([3, ['tench', 'goldfish', 'great_white_shark']]);
    expect((await contentOf(test)).y).toEqual([0, 1]);
    await cp(join(pictures, 'n01440764'), join(pictures, 'goldfsh'), { recursive: true });
    await expect(imageFolder({ directory: pictures, classes: join(directory, 'classes.json') })).rejects.toMatchObject({
      code: 'ADVROB_LABEL',
      message: expect.stringContaining('did you mean goldfish') as string,
    });
  });

  it('asks for the order of classes that are called by numbers', async () => {
    for (const name of ['0', '2', '10']) await put(`${name}/1.png`, grey(Number(name)));
    await expect(imageFolder({ directory })).rejects.toMatchObject({
      code: 'ADVROB_OPTION',
      message: expect.stringContaining('0, 10, 2') as string,
    });
    const first = async (order: 'alphabetical' | 'numeric' | 'index') => {
      const { x, y } = await contentOf((await imageFolder({ directory, order })).test);
      return y.map((label, i) => [label, Math.round(x[i]![0]! * 255)]).sort();
    };
    expect(await first('alphabetical')).toEqual([
      [0, 0],
      [1, 10],
      [2, 2],
    ]);
    expect(await first('numeric')).toEqual([
      [0, 0],
      [1, 2],
      [2, 10],
    ]);
    expect(await first('index')).toEqual(
      [
        [0, 0],
        [2, 2],
        [10, 10],
      ].sort(),
    );
    const twelve = await imageFolder({ directory, order: 'index', numClasses: 12 });
    expect(twelve.test.numClasses).toBe(12);
    await expect(imageFolder({ directory, order: 'numeric', numClasses: 12 })).rejects.toThrow(
      /give 3 classes, not 12/,
    );
    await rm(join(directory, '10'), { recursive: true });
    await expect(imageFolder({ directory })).rejects.toMatchObject({ code: 'ADVROB_OPTION' });
    await rm(join(directory, '2'), { recursive: true });
    await put('1/1.png', grey(1));
    expect((await contentOf((await imageFolder({ directory })).test)).y).toEqual([0, 1]);
  });

  it('does not follow a table out of the folder, nor believe it', async () => {
    await put('pictures/1.png', grey(1));
    await put('secret.png', grey(2));
    await symlink(join(directory, 'secret.png'), join(directory, 'link.png'));
    const refused = async (rows: string, code: string, says: string) => {
      await put('table.csv', Buffer.from(rows));
      await expect(
        imageFolder({ directory: join(directory, 'pictures'), labels: join(directory, 'table.csv') }),
      ).rejects.toMatchObject({ code, message: expect.stringContaining(says) as string });
    };
    await refused('../secret.png,0', 'ADVROB_DATA_FORMAT', 'leads out');
    await refused(`${directory}/secret.png,0`, 'ADVROB_DATA_FORMAT', 'leads out');
    await refused('2.png,0', 'ADVROB_DATA_MISSING', "table.csv:1: no picture '2.png'");
    await refused('1.png,0\n1.png,1', 'ADVROB_DATA_FORMAT', 'table.csv:2');
    await refused('file,label\n1.png,', 'ADVROB_LABEL', 'table.csv:2');
    await refused('1.png,0,extra', 'ADVROB_DATA_FORMAT', 'two columns');
    await put('pictures/2.png', grey(2));
    await refused('1.png,0', 'ADVROB_LABEL', 'such as 2.png');
    await symlink('/etc/hostname', join(directory, 'pictures/3.png'));
    await refused('1.png,0\n2.png,0\n3.png,0', 'ADVROB_DATA_FORMAT', 'links');
  });

  it('prepares pictures, hashes how, and says what would bring them to one size', async () => {
    await put('a/1.jpg', await fileBytes('pictures/grey.jpg'));
    await put('a/2.jpg', await fileBytes('pictures/turned-6.jpg'));
    await expect(imageFolder({ directory })).rejects.toMatchObject({
      code: 'ADVROB_SHAPE',
      message: expect.stringMatching(/resize: 256 and crop: 224/) as string,
    });
    await expect(imageFolder({ directory, crop: 4 })).rejects.toThrow(/channels to 3/);
    const { test } = await imageFolder({ directory, crop: 4, channels: 3 });
    expect(test.inputShape).toEqual([4, 4, 3]);
    const other = await imageFolder({ directory, crop: 4, channels: 3, orientation: 'stored' });
    expect(other.test.hash).not.toBe(test.hash);
    expect((await contentOf(other.test)).x[1]).not.toEqual((await contentOf(test)).x[1]);
    await expect(imageFolder({ directory, crop: 4, maxPixels: 1000 })).rejects.toMatchObject({
      code: 'ADVROB_DATA_TOO_LARGE',
    });
  });

  it('throws where a batch is asked for when a picture is gone, and leaves nothing behind', async () => {
    await put('train/a/1.png', grey(1));
    await put('train/b/1.png', grey(2));
    await put('test/a/1.png', grey(1));
    await put('test/b/1.png', grey(2));
    const { train } = await imageFolder({ directory });
    await rm(join(directory, 'train/b/1.png'));
    const tensors = tf.memory().numTensors;
    const batches = train.batches({ size: 1 })[Symbol.asyncIterator]();
    const first = await batches.next();
    expect(first.done).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(batches.next()).rejects.toMatchObject({ code: 'ADVROB_DATA_MISSING' });
    tf.dispose([first.value!.x, first.value!.y]);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
