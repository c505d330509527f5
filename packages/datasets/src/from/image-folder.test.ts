import type { Dataset } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { encode } from 'fast-png';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import expected from '../../test/files/png.json' with { type: 'json' };
import { filePath } from '../../test/test-files.js';
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
    await rm(join(directory, 'train'), { recursive: true });
    await refused('ADVROB_DATA_MISSING', 'train');
    await symlink('/etc', join(directory, 'train'));
    await refused('ADVROB_DATA_FORMAT', 'train: links');
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
