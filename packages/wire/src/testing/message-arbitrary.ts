/** Arbitrary messages of a schema at one version, for property tests: any value that the version can carry. */
import fc from 'fast-check';
import { defaultOf, layoutOf, type Slot } from '../codec/layout.ts';
import type { Fields, Primitive } from '../schema.ts';
import type { Values } from './message-values.ts';

/** Messages with all fields present, those that the version lacks at their default. */
export function arbitraryMessage(fields: Fields, version: number, flexible: boolean): fc.Arbitrary<Values> {
  const members = layoutOf(fields, version, flexible).map((slot) => [slot.name, member(slot, version, flexible)]);
  return fc.record(Object.fromEntries(members));
}

/** The seed and scale of a property run: `MILLRACE_TEST_SEED` repeats a failure, `MILLRACE_TEST_SCALE` multiplies. */
export function propertyRun(runs: number): { numRuns: number; seed?: number } {
  const numRuns = Math.ceil(runs * Number(process.env['MILLRACE_TEST_SCALE'] ?? 1));
  const seed = process.env['MILLRACE_TEST_SEED'];
  return seed === undefined ? { numRuns } : { numRuns, seed: Number(seed) };
}

function member(slot: Slot, version: number, flexible: boolean): fc.Arbitrary<unknown> {
  const { field, nullable } = slot;
  // A fresh value each time: a struct or array of defaults may be changed by who holds it.
  if (slot.place === 'absent') return fc.constant(undefined).map(() => defaultOf(field));
  const value = present(slot, version, flexible);
  return nullable ? fc.option(value, { freq: 4 }) : value;
}

function present({ field }: Slot, version: number, flexible: boolean): fc.Arbitrary<unknown> {
  if (field.type === 'struct') return arbitraryMessage(field.fields, version, flexible);
  if (field.type !== 'array') return primitive(field.type);
  const element = typeof field.of === 'string' ? primitive(field.of) : arbitraryMessage(field.of, version, flexible);
  return fc.array(element, { maxLength: 3 });
}

const text = fc.oneof(
  { weight: 9, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom('x'.repeat(126), 'é'.repeat(64), 'z'.repeat(20_000)) },
);
const byteString = fc.oneof(
  { weight: 9, arbitrary: fc.uint8Array({ maxLength: 20 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(127, 128, 2048, 2049, 70_000).map((length) => new Uint8Array(length).fill(7)),
  },
);

const primitives: Record<Primitive, fc.Arbitrary<unknown>> = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -(2 ** 7), max: 2 ** 7 - 1 }),
  int16: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
  uint16: fc.integer({ min: 0, max: 2 ** 16 - 1 }),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int64: fc.oneof(
    fc.maxSafeInteger(),
    fc.constantFrom(0, -1, 2 ** 32, 2 ** 32 - 1, -(2 ** 32), -(2 ** 32) - 1, Number.POSITIVE_INFINITY),
  ),
  float64: fc.double(),
  uuid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
  string: text,
  bytes: byteString,
  records: byteString,
};

function primitive(type: Primitive): fc.Arbitrary<unknown> {
  return primitives[type];
}
