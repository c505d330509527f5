import { surviveMutationsAsync } from '@advrob/core/testing';
import { deflateRawSync, crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fileBytes } from '../../test/test-files.js';
import { unzip } from './zip.js';

/** A zip archive of one deflated file whose headers say what they are told to. */
function archive(name: string, content: Uint8Array, saysSize = content.length): Uint8Array {
  const packed = deflateRawSync(content);
  const nameBytes = Buffer.from(name);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(8, 4);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(saysSize, 18);
  common.writeUInt16LE(nameBytes.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, nameBytes, packed]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, Buffer.alloc(14), nameBytes]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return new Uint8Array(Buffer.concat([local, central, end]));
}
const all = () => true;

describe('unzip', () => {
  it('gives the files asked for', async () => {
    const files = await unzip(archive('a.txt', Buffer.from('hello')), 100, all);
    expect([...files.keys()]).toEqual(['a.txt']);
    expect(Buffer.from(files.get('a.txt')!).toString()).toBe('hello');
    expect((await unzip(archive('a.txt', Buffer.from('hello')), 100, () => false)).size).toBe(0);
  });

  it.each(['../a.npy', '/etc/a.npy', 'b/../../a.npy', 'C:\\a.npy'])('refuses the name %s', async (name) => {
    await expect(unzip(archive(name, Buffer.from('x')), 100, all)).rejects.toMatchObject({
      code: 'ADVROB_DATA_FORMAT',
    });
  });

  it('stops a bomb at the limit, whatever size it states', async () => {
    const zeros = new Uint8Array(20_000_000);
    for (const says of [zeros.length, 10]) {
      const before = process.memoryUsage().arrayBuffers;
      await expect(unzip(archive('a.npy', zeros, says), 100_000, all)).rejects.toMatchObject({
        code: says === 10 ? 'ADVROB_DATA_FORMAT' : 'ADVROB_DATA_TOO_LARGE',
      });
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4_000_000);
    }
  });

  it('notices damaged content by its checksum', async () => {
    const good = archive('a.txt', Buffer.from('hello'));
    const damaged = good.slice();
    for (const at of [14, good.length - 22 - 46 - 5 + 16]) damaged[at]! ^= 1;
    await expect(unzip(damaged, 100, all)).rejects.toMatchObject({ code: 'ADVROB_DATA_CHECKSUM' });
  });

  it('survives 5,000 damaged archives', { timeout: 300_000 }, async () => {
    const limit = 10_000;
    const { accepted, refused } = await surviveMutationsAsync({
      samples: [await fileBytes('keras.npz'), await fileBytes('torch.npz')],
      parse: (bytes) => unzip(bytes, limit, all),
      seed: 11,
      count: 5000,
      allocated: () => process.memoryUsage().arrayBuffers,
      // Each of the four files inside is unpacked through buffers of its own.
      allowance: (bytes) => 4 * bytes.length + limit + 2 ** 20,
    });
    expect(accepted).toBeGreaterThan(0);
    expect(Object.keys(refused).sort()).toEqual(['ADVROB_DATA_CHECKSUM', 'ADVROB_DATA_FORMAT']);
  });
});
