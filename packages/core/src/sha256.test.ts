import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';

/** As Node has it, and as a page does. */
const both = [await import('./sha256.js'), await inPage()].map(({ sha256 }) => sha256);

async function inPage(): Promise<typeof import('./sha256.js')> {
  const without = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
  vi.resetModules();
  return import('./sha256.js').finally(() => without.mockRestore());
}

describe.each([
  ['in Node', both[0]!],
  ['in a page', both[1]!],
])('SHA-256 %s', (_, sha256) => {
  it('gives the values of FIPS 180', () => {
    expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')).toBe(
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    );
  });

  it('is that of Node for any bytes, of every length around a block, also in the middle of a buffer', () => {
    const check = (bytes: Uint8Array): void => {
      expect(sha256(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
    };
    for (let length = 0; length < 200; length++)
      check(Uint8Array.from({ length: length + 3 }, (_, i) => 7 * i).subarray(3));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 1000 }), check), { numRuns: 50 });
    check(new Uint8Array(1 << 20).fill(0xa5));
  });
});
