import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteEncoderOf } from './byte-encoder.ts';
import { encoderOf } from './encoder.ts';
import { JsonOutput } from './json-output.ts';

const names = ['bool', 'int8', 'float8', 'text', 'date', 'timestamp', 'timestamptz', 'numeric'];
const types = new Map(
  names.map((name, index) => [index, { oid: index, name, kind: 'b', element: 0, base: 0, baseModifier: -1 } as const]),
);
const two = (n: number) => String(n).padStart(2, '0');
const date = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1, max: 11_000 }), fc.integer({ min: 1890, max: 2210 })),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 28 }),
  )
  .map(([year, month, day]) => `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`);
const clock = (digitsMax: number) =>
  fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 999_999 }))
    .map(([hour, minute, micros]) => {
      const digits = String(micros).padStart(6, '0').slice(0, digitsMax).replace(/0+$/, '');
      return `${two(hour)}:${two(minute)}:07${digits === '' ? '' : `.${digits}`}`;
    });
const moment = (digitsMax: number) =>
  fc.tuple(date, clock(digitsMax), fc.constantFrom('', '', ' BC')).map(([day, time, era]) => ({ day, time, era }));

/** A type, its modifier and a value as a server writes it. */
const column = fc.oneof(
  fc.constantFrom('t', 'f').map((text) => ['bool', -1, text] as const),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ['int8', -1, String(value)] as const),
  fc
    .constantFrom('1.5', '-2e-07', '1e+20', 'NaN', 'Infinity', '-Infinity', '0')
    .map((text) => ['float8', -1, text] as const),
  fc
    .oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', 'é') }),
    )
    .map((text) => ['text', -1, text.toWellFormed()] as const),
  fc.oneof(date, fc.constantFrom('infinity', '-infinity', '0044-03-15 BC')).map((text) => ['date', -1, text] as const),
  moment(3).map(({ day, time, era }) => ['timestamp', 3, `${day} ${time}${era}`] as const),
  moment(6).map(({ day, time, era }) => ['timestamp', 6, `${day} ${time}${era}`] as const),
  fc.constantFrom('infinity', '-infinity').map((text) => ['timestamp', -1, text] as const),
  moment(6).map(({ day, time, era }) => ['timestamptz', -1, `${day} ${time}+00${era}`] as const),
  fc.integer({ min: -(2 ** 47), max: 2 ** 47 }).map((cents) => {
    const digits = String(Math.abs(cents)).padStart(3, '0');
    return [
      'numeric',
      (14 << 16) + 2 + 4,
      `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`,
    ] as const;
  }),
  fc
    .constantFrom('NaN', '1234567890123456789.12', '123456789012345678901234567890.12')
    .map((text) => ['numeric', (40 << 16) + 6, text] as const),
);

test('values go over from bytes into the JSON that their text would be, and stay as they were', () => {
  fc.assert(
    fc.property(fc.array(column, { minLength: 1, maxLength: 20 }), (columns) => {
      const out = new JsonOutput();
      const written = columns.map(([name, modifier, text]) => {
        const bytes = Buffer.from(`<${text}>`);
        byteEncoderOf(names.indexOf(name), modifier, { types })(bytes, 1, bytes.length - 1, out);
        return out.take();
      });
      const expected = columns.map(([name, modifier, text]) =>
        encoderOf(names.indexOf(name), modifier, { types })(text),
      );
      assert.deepEqual(written.map(String), expected);
    }),
    { numRuns: 500 },
  );
});
