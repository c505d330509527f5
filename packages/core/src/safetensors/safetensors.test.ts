import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors } from './decode.js';
import { encodeSafetensors } from './encode.js';
import { modelMetadata } from './model-metadata.js';
import type { TensorRecord } from './record.js';

/** A file with this header text and data. */
function fileOf(header: string, data: Uint8Array = new Uint8Array()): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const shapes = fc.array(fc.nat(4), { maxLength: 3 });
const record: fc.Arbitrary<TensorRecord> = shapes.chain((shape) => {
  const count = shape.reduce((a, b) => a * b, 1);
  return fc.oneof(
    fc
      .float32Array({ minLength: count, maxLength: count })
      .map((data) => ({ dtype: 'float32' as const, shape, data: new Float32Array(data) })),
    fc
      .int32Array({ minLength: count, maxLength: count })
      .map((data) => ({ dtype: 'int32' as const, shape, data: new Int32Array(data) })),
  );
});
const names = fc.string({ minLength: 1 }).filter((name) => !name.startsWith('__'));

describe('safetensors', () => {
  it('gives back what was written, bit for bit, at any offset in memory', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(names, record), { selector: ([name]) => name }),
        fc.dictionary(names, fc.string()),
        fc.nat(7),
        (entries, metadata, shift) => {
          const bytes = encodeSafetensors(new Map(entries), metadata);
          const moved = new Uint8Array(bytes.length + shift).subarray(shift);
          moved.set(bytes);
          const file = decodeSafetensors(moved);
          expect(Object.fromEntries(file.metadata)).toEqual({ ...metadata });
          expect(new Map(file.records)).toEqual(new Map(entries));
        },
      ),
    );
  });

  it("reads Node's Buffer, whose slice() shares memory", () => {
    const bytes = encodeSafetensors({ a: { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) } });
    const { records } = decodeSafetensors(Object.assign(bytes, { slice: bytes.subarray }));
    expect(records.get('a')!.data).toEqual(Float32Array.of(1, 2));
  });

  it('has the layout of the format', () => {
    const bytes = encodeSafetensors(
      { b: { dtype: 'float32', shape: [1], data: Float32Array.of(1) } },
      { format: 'pt' },
    );
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      __metadata__: { format: 'pt' },
      b: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
    });
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 0x80, 0x3f]);
  });

  it('turns the other number types into float32 and int32', () => {
    const cases: [string, number[], number[]][] = [
      ['F16', [0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c], [1, -2, 2 ** -24, Infinity]],
      ['BF16', [0x80, 0x3f, 0x20, 0xc1], [1, -10]],
      ['F64', [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], [1.5]],
      ['I64', [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [-2]],
      ['I32', [0xff, 0xff, 0xff, 0x7f], [2147483647]],
    ];
    for (const [type, data, values] of cases) {
      const header = JSON.stringify({ t: { dtype: type, shape: [values.length], data_offsets: [0, data.length] } });
      expect([...decodeSafetensors(fileOf(header, Uint8Array.from(data))).records.get('t')!.data]).toEqual(values);
    }
  });

  it.each([
    ['too short', new Uint8Array(5)],
    ['a header longer than the file', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 123, 125)],
    ['no JSON', fileOf('{"a":')],
    ['deep nesting', fileOf('['.repeat(100_000))],
    ['an array', fileOf('[]')],
    ['an entry that is no object', fileOf('{"a":1}')],
    ['an unknown type', fileOf('{"a":{"dtype":"C64","shape":[0],"data_offsets":[0,0]}}')],
    ['a type named like a method', fileOf('{"a":{"dtype":"toString","shape":[0],"data_offsets":[0,0]}}')],
    ['a huge shape', fileOf('{"a":{"dtype":"F32","shape":[4503599627370496,4503599627370496],"data_offsets":[0,4]}}')],
    ['a negative length', fileOf('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[4,0]}}', new Uint8Array(4))],
    ['offsets outside', fileOf('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', new Uint8Array(4))],
    ['bytes left over', fileOf('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', new Uint8Array(8))],
    ['a hole', fileOf('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', new Uint8Array(8))],
    [
      'an overlap',
      fileOf(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        new Uint8Array(4),
      ),
    ],
    [
      'a name that occurs twice',
      fileOf(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        new Uint8Array(4),
      ),
    ],
    ['metadata that is no text', fileOf('{"__metadata__":{"a":1}}')],
    [
      'an I64 out of range',
      fileOf('{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)),
    ],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeSafetensors(bytes)).toThrowError(expect.objectContaining({ code: 'ADVROB_TENSOR_FILE' }));
  });

  it('refuses records whose shape lies, and reserved names', () => {
    const data = Float32Array.of(1);
    expect(() => encodeSafetensors({ a: { dtype: 'float32', shape: [2], data } })).toThrowError(/expected 2 values/);
    expect(() => encodeSafetensors({ __metadata__: { dtype: 'float32', shape: [1], data } })).toThrowError(/reserved/);
  });

  it('finds every flipped bit of a file with a checksum, and lets it stand in foreign texts', () => {
    const records = { w: { dtype: 'float32', shape: [2], data: Float32Array.of(0.5, -1) } } as const;
    const metadata = { note: '"advrob.sha256":"' };
    const bytes = encodeSafetensors(records, metadata, { checksum: true });
    const read = (file: Uint8Array) => decodeSafetensors(Buffer.from(file)).records;
    expect(read(bytes).get('w')).toEqual(records.w);
    const [start, name] = [Buffer.from(bytes).lastIndexOf('advrob.sha256'), 'advrob.sha256'];
    let found = 0;
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      // Without its name there is no checksum, and nothing else was changed.
      if (bit >> 3 >= start && bit >> 3 < start + name.length) continue;
      expect(() => read(damaged), `bit ${bit}`).toThrow(expect.objectContaining({ code: 'ADVROB_TENSOR_FILE' }));
      found++;
    }
    expect(found).toBe(8 * (bytes.length - name.length));
  });

  it('survives 20,000 mutated files', () => {
    const valid = encodeSafetensors(
      {
        'conv.weight': { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
        step: { dtype: 'int32', shape: [], data: Int32Array.of(7) },
      },
      { note: 'x' },
    );
    const mutation = fc.record({
      edits: fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      cut: fc.option(fc.nat(valid.length), { freq: 4 }),
    });
    fc.assert(
      fc.property(mutation, ({ edits, cut }) => {
        const bytes = valid.slice(0, cut ?? valid.length);
        for (const [position, value] of edits) if (position < bytes.length) bytes[position] = value;
        try {
          const { records } = decodeSafetensors(bytes);
          let held = 0;
          for (const { data } of records.values()) held += data.byteLength;
          expect(held).toBeLessThanOrEqual(2 * bytes.length);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ADVROB_TENSOR_FILE' });
        }
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('what a file says about its model', () => {
  it('the architecture and its options', () => {
    const options = { hidden: [8, 4], mean: 0.5, bounds: [0, 1], note: undefined };
    const metadata = modelMetadata({ origin: { name: 'mlp', options } });
    expect(metadata).toEqual({
      format: 'advrob',
      'advrob.architecture': 'mlp',
      'advrob.options': '{"hidden":[8,4],"mean":0.5,"bounds":[0,1]}',
    });
    const { metadata: read } = decodeSafetensors(encodeSafetensors({}, metadata), 'file');
    expect(Object.fromEntries(read)).toEqual(metadata);
  });

  it.each([
    ['no architecture', undefined],
    ['a function', { name: 'a', options: { activation: () => 0 } }],
    ['an infinite number', { name: 'a', options: { clip: Infinity } }],
    ['another model', { name: 'a', options: { members: [new Map()] } }],
  ])('nothing of a model with %s', (_, origin) =>
    expect(modelMetadata(origin ? { origin } : {})).toEqual({ format: 'advrob' }),
  );
});
