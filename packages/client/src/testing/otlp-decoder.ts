/** Reads OpenTelemetry's `MetricsData` out of protobuf, field by field as the specification numbers them. For tests. */

export interface DecodedPoint {
  readonly name: string;
  readonly kind: 'gauge' | 'sum';
  readonly value: number;
  readonly attributes: Record<string, string>;
  readonly startMs: number;
  readonly endMs: number;
  /** 1: delta, 2: cumulative; of sums. */
  readonly temporality: number | undefined;
  readonly monotonic: boolean;
}

type Field = number | bigint | Uint8Array;

/** Fields of one message, by number, in order. Throws on bytes that are none. */
function fieldsOf(bytes: Uint8Array): Map<number, Field[]> {
  const fields = new Map<number, Field[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = view.getUint8(at++);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    let value: Field;
    if ((tag & 7) === 0) value = varint();
    else if ((tag & 7) === 1) {
      value = view.getBigUint64(at, true);
      at += 8;
    } else if ((tag & 7) === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new RangeError('a field reaches beyond its message');
      value = bytes.subarray(at, at + length);
      at += length;
    } else throw new RangeError(`wire type ${tag & 7}`);
    fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), value]);
  }
  return fields;
}

const all = (bytes: Uint8Array, field: number): Uint8Array[] => (fieldsOf(bytes).get(field) ?? []) as Uint8Array[];
const textOf = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8');

function attributesOf(message: Uint8Array, field: number): Record<string, string> {
  return Object.fromEntries(
    all(message, field).map((pair) => [
      textOf(all(pair, 1)[0]),
      textOf(all(all(pair, 2)[0] ?? new Uint8Array(), 1)[0]),
    ]),
  );
}

/** The attributes of the resource, and every point. */
export function decodeMetrics(data: Uint8Array): { resource: Record<string, string>; points: DecodedPoint[] } {
  let resource: Record<string, string> = {};
  const points: DecodedPoint[] = [];
  for (const resourceMetrics of all(data, 1)) {
    for (const each of all(resourceMetrics, 1)) resource = { ...resource, ...attributesOf(each, 1) };
    for (const scope of all(resourceMetrics, 2)) {
      for (const metric of all(scope, 2)) points.push(...pointsOf(metric));
    }
  }
  return { resource, points };
}

function pointsOf(metric: Uint8Array): DecodedPoint[] {
  const fields = fieldsOf(metric);
  const sum = fields.get(7)?.[0] as Uint8Array | undefined;
  const body = sum ?? (fields.get(5)?.[0] as Uint8Array);
  const bodyFields = fieldsOf(body);
  return all(body, 1).map((point) => {
    const own = fieldsOf(point);
    const bits = new DataView(new ArrayBuffer(8));
    bits.setBigUint64(0, own.get(4)?.[0] as bigint);
    return {
      name: textOf(fields.get(1)?.[0] as Uint8Array),
      kind: sum === undefined ? 'gauge' : 'sum',
      value: bits.getFloat64(0),
      attributes: attributesOf(point, 7),
      startMs: Number((own.get(2)?.[0] as bigint) / 1_000_000n),
      endMs: Number((own.get(3)?.[0] as bigint) / 1_000_000n),
      temporality: sum === undefined ? undefined : (bodyFields.get(2)?.[0] as number),
      monotonic: bodyFields.get(3)?.[0] === 1,
    };
  });
}
