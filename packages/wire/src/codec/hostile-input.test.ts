/**
 * Bytes that are no message. Method: frames that Kafka's own classes wrote are cut and changed; the compiled decoder
 * must end in a message or a `WireError`, as the interpreter does on the same bytes, and within the bounds on memory
 * and time.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { metadata } from '../messages/metadata.ts';
import { type GoldenMessage, goldenMessages } from '../testing/golden-messages.ts';
import { propertyRun } from '../testing/message-arbitrary.ts';
import { comparable, type Values } from '../testing/message-values.ts';
import { hasVersion } from '../versions.ts';
import { WireError } from '../wire-error.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { decodeBody, encodeBody } from './codec.ts';
import { interpretDecode } from './interpret.ts';

/** Bytes of a request header with the client id of the golden frames, before its tags. */
const requestHeaderBytes = 16;
const responseHeaderBytes = 4;

interface Body {
  readonly golden: GoldenMessage;
  readonly bytes: Buffer;
}

/** One message in full at every version, without its header. */
const bodies: readonly Body[] = goldenMessages()
  .filter(({ frame }, index, all) => frame.length > (all[index + 1]?.frame.length ?? 0))
  .map((golden) => {
    const tagged = hasVersion(golden.api.flexible, golden.version) && !(golden.message === 'ApiVersionsResponse');
    const headerBytes = golden.kind === 'request' ? requestHeaderBytes : responseHeaderBytes;
    return { golden, bytes: Buffer.from(golden.frame, 'hex').subarray(headerBytes + (tagged ? 1 : 0)) };
  });

type Outcome = { readonly message: Values } | { readonly refusal: string };

function decoded({ golden: { api, kind, version } }: Body, bytes: Uint8Array): Outcome {
  return outcomeOf(() => decodeBody(api, kind, version, new ByteReader(bytes)) as Values);
}

function interpreted({ golden: { api, kind, version } }: Body, bytes: Uint8Array): Outcome {
  return outcomeOf(() => interpretDecode(api[kind], version, hasVersion(api.flexible, version), new ByteReader(bytes)));
}

/** What decoding ends in; whatever is thrown but a WireError fails the test. */
function outcomeOf(decode: () => Values): Outcome {
  try {
    return { message: decode() };
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return { refusal: `${error.code}: ${error.message}` };
  }
}

function assertAgree(body: Body, bytes: Uint8Array): Outcome {
  const outcome = decoded(body, bytes);
  assert.deepEqual(comparable(outcome), comparable(interpreted(body, bytes)), describe(body));
  return outcome;
}

function describe({ golden: { message, version } }: Body): string {
  return `${message} version ${version}`;
}

test('a message cut at any byte is refused', () => {
  for (const body of bodies) {
    for (let length = 0; length < body.bytes.length; length++) {
      const outcome = decoded(body, body.bytes.subarray(0, length));
      assert.ok('refusal' in outcome, `${describe(body)} cut to ${length} bytes`);
    }
  }
});

test('a length or count that claims too much is refused or read within the message', () => {
  const claims = ['7fff', '7fffffff', 'ffffffff', '80000000', 'ffffffff0f', '00ffffff', 'ffff7f'];
  const patches = claims.map((claim) => Buffer.from(claim, 'hex'));
  let refused = 0;
  for (const body of bodies) {
    for (let at = 0; at < body.bytes.length; at++) {
      const bytes = Buffer.from(body.bytes);
      bytes.set((patches[at % patches.length] as Buffer).subarray(0, bytes.length - at), at);
      if ('refusal' in decoded(body, bytes)) refused++;
    }
  }
  assert.ok(refused > 1000, `${refused}`);
});

const edits = fc.array(
  fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff))),
  { minLength: 1, maxLength: 4 },
);

test('a changed message is read or refused as by the interpreter, and what is read can be written again', () => {
  let read = 0;
  let refused = 0;
  for (const body of bodies) {
    fc.assert(
      fc.property(edits, (changes) => {
        const bytes = Buffer.from(body.bytes);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const outcome = assertAgree(body, bytes);
        if ('refusal' in outcome) refused++;
        else {
          read++;
          assertWritable(body, outcome.message);
        }
      }),
      propertyRun(15),
    );
  }
  assert.ok(read > 100 && refused > 100, `${read} read, ${refused} refused`);
});

/** Writes the message and reads it back. Text longer than 32767 bytes can be read but not written. */
function assertWritable(body: Body, message: Values): void {
  const { api, kind, version } = body.golden;
  const writer = new ByteWriter();
  try {
    encodeBody(api, kind, version, writer, message as never);
  } catch (error) {
    assert.ok(error instanceof WireError && error.code === 'unencodable_value', describe(body));
    return;
  }
  const again = decoded(body, Buffer.concat(writer.finish().chunks));
  assert.deepEqual(comparable(again), comparable({ message }), describe(body));
}

test('any bytes are read or refused as by the interpreter', () => {
  fc.assert(
    fc.property(fc.constantFrom(...bodies), fc.uint8Array({ maxLength: 64 }), (body, bytes) => {
      assertAgree(body, bytes);
    }),
    propertyRun(3000),
  );
});

/** Array elements anywhere in a value. */
function elementsIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((total, element) => total + elementsIn(element), value.length);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 0;
  return elementsIn(Object.values(value)) - Object.values(value).length;
}

test('a message may have as many array elements as its reader allows, in all its arrays together', () => {
  let checked = 0;
  for (const body of bodies) {
    const { api, kind, version } = body.golden;
    if (hasVersion(api.flexible, version)) continue;
    const outcome = decoded(body, body.bytes);
    assert.ok('message' in outcome);
    const elements = elementsIn(outcome.message);
    if (elements === 0) continue;
    decodeBody(api, kind, version, new ByteReader(body.bytes, 0, elements));
    assert.throws(
      () => decodeBody(api, kind, version, new ByteReader(body.bytes, 0, elements - 1)),
      (error) => error instanceof WireError && error.code === 'message_too_large',
      describe(body),
    );
    checked++;
  }
  assert.ok(checked > 50, `${checked}`);
});

test('the densest message takes a bounded amount of memory and time', () => {
  // An element of this request can be two bytes: an empty name and no tags.
  const elements = 400_000;
  const writer = new ByteWriter();
  encodeBody(metadata, 'request', 9, writer, { topics: new Array(elements).fill({ name: '' }) });
  const bytes = Buffer.concat(writer.finish().chunks);
  assert.ok(bytes.length < 2 * elements + 10);
  const heapBefore = process.memoryUsage().heapUsed;
  const started = process.cpuUsage();
  const { topics } = decodeBody(metadata, 'request', 9, new ByteReader(bytes));
  const { user, system } = process.cpuUsage(started);
  const heapGrowth = process.memoryUsage().heapUsed - heapBefore;
  assert.equal(topics?.length, elements);
  assert.ok(heapGrowth < 200 * elements, `${heapGrowth} bytes`);
  assert.ok(user + system < 2_000_000, `${user + system} us`);
});
