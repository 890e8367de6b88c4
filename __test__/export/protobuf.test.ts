import test from 'ava';
import fc from 'fast-check';
import { writeModel } from '#dist/export/model-file.js';
import { bytes, integer, join, message, string } from '#dist/export/protobuf.js';

const hex = (value: ReturnType<typeof message>) => Buffer.from(join(value)).toString('hex');

test('the examples of the encoding that Protocol Buffers give', (t) => {
  t.is(hex(message([integer(1, 150)])), '089601');
  t.is(hex(message([string(2, 'testing')])), '120774657374696e67');
  t.is(hex(message([bytes(3, message([integer(1, 150)]))])), '1a03089601');
  t.is(hex(message([integer(1, -2)])), '08feffffffffffffffff01');
  t.is(hex(message([integer(16, 0)])), '800100');
});

/** Reads what was written, with another way of doing it. */
function read(data: Uint8Array): [number, bigint | Uint8Array][] {
  const fields: [number, bigint | Uint8Array][] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = data[at] as number;
      at += 1;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) {
        return value;
      }
    }
  };
  while (at < data.length) {
    const key = Number(varint());
    const value = varint();
    if (key % 8 === 0) {
      fields.push([key >> 3, BigInt.asIntN(64, value)]);
    } else {
      fields.push([key >> 3, data.slice(at, at + Number(value))]);
      at += Number(value);
    }
  }
  return fields;
}

test('what is written is read', (t) => {
  const field = fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.oneof(fc.maxSafeInteger(), fc.uint8Array({ maxLength: 300 })));
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const made = fields.map(([number, value]) => (typeof value === 'number' ? integer(number, value) : bytes(number, value)));
      const expected = fields.map(([number, value]) => [number, typeof value === 'number' ? BigInt(value) : value]);
      t.deepEqual(read(join(message(made))), expected as never);
    }),
  );
});

test('a model has the fields of onnx.proto', (t) => {
  const port = { name: 'x', type: 'float', shape: ['batch', 2], doc: '' } as const;
  const node = { type: 'Gather', inputs: ['w', 'x'], outputs: ['y'], attributes: { axis: 0, perm: [0, 1] } };
  const constant = { name: 'w', type: 'int32', shape: [1], bytes: Uint8Array.of(1, 0, 0, 0) } as const;
  const about = { name: 'graph', doc: 'doc', metadata: { key: 'value' } };
  const model = read(writeModel({ ...about, nodes: [node], constants: [constant], inputs: [port], outputs: [] }));
  t.deepEqual(
    model.map(([number]) => number),
    [1, 2, 6, 7, 8, 14],
  );
  const graph = read(model[3]?.[1] as Uint8Array);
  t.deepEqual(
    graph.map(([number]) => number),
    [1, 2, 5, 11],
  );
  const [tensor] = [graph[2]?.[1] as Uint8Array];
  t.deepEqual(read(tensor)[1], [2, 6n], 'int32');
});
