/**
 * Reads as much of an OTLP `MetricsData` message (opentelemetry-proto v1, metrics.proto) as shows that it is one: the
 * names of its metrics, after a walk over all fields of the levels above them. Data points are not looked into.
 */
import { MillraceError } from '@millrace/base';

/** Bytes that are no `MetricsData`. */
export class OtlpError extends MillraceError {
  readonly code = 'invalid_otlp';
}

const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
/** Field numbers on the way from `MetricsData` to a metric: its resources, their scopes, their metrics. */
const path = [1, 2, 2] as const;
const nameField = 1;

/** The names of all metrics, in their order. Throws `OtlpError`. */
export function otlpMetricNames(bytes: Uint8Array): string[] {
  const names: string[] = [];
  walk(bytes, 0, names);
  return names;
}

function walk(message: Uint8Array, depth: number, names: string[]): void {
  const isMetric = depth === path.length;
  let name: string | undefined;
  const wanted = isMetric ? nameField : path[depth];
  forEachField(message, (field, value) => {
    if (field !== wanted) return;
    if (value === undefined) throw new OtlpError(`field ${field} at depth ${depth} is not a message or a text`);
    if (isMetric) name = Buffer.from(value.buffer, value.byteOffset, value.length).toString();
    else walk(value, depth + 1, names);
  });
  if (!isMetric) return;
  if (!name) throw new OtlpError('a metric has no name');
  names.push(name);
}

/** Calls back for every field, with the bytes of those that have any. */
function forEachField(message: Uint8Array, visit: (field: number, value: Uint8Array | undefined) => void): void {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1, count = 0; count < 10; count++, scale *= 128) {
      if (at >= message.length) throw new OtlpError('a number ends early');
      const byte = view.getUint8(at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new OtlpError('a number has more than 10 bytes');
  };
  while (at < message.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (field === 0) throw new OtlpError('a field has the number 0');
    if (wireType === wireTypes.bytes) {
      const length = varint();
      if (length > message.length - at) throw new OtlpError(`field ${field} ends early`);
      visit(field, message.subarray(at, at + length));
      at += length;
      continue;
    }
    if (wireType === wireTypes.varint) varint();
    else if (wireType === wireTypes.fixed64) at += 8;
    else if (wireType === wireTypes.fixed32) at += 4;
    else throw new OtlpError(`field ${field} has the unknown wire type ${wireType}`);
    if (at > message.length) throw new OtlpError(`field ${field} ends early`);
    visit(field, undefined);
  }
}
