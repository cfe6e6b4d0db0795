/** What clients push of their metrics (KIP-714), as a broker reads it. */
import { otlpMetricNames } from '@millrace/broker/testing/decoders';
import type { FuzzTarget } from '../fuzz-target.ts';

/** An input is a `MetricsData` message of OTLP. */
export const telemetry: FuzzTarget = {
  name: 'telemetry',
  inputs: 30_000,
  seeds: () => {
    const metric = (name: string): Buffer => message(2, message(1, Buffer.from(name)), message(5, Buffer.alloc(9, 8)));
    const scope = message(2, message(1, message(1, Buffer.from('scope'))), metric('a.b'), metric('c'));
    const resource = message(1, message(1, message(1, Buffer.from('host'))), scope, scope);
    const scalars = Buffer.from([0x38, 0xff, 0xff, 0x03, 0x41, 1, 2, 3, 4, 5, 6, 7, 8, 0x4d, 1, 2, 3, 4]);
    return [
      resource,
      Buffer.concat([resource, resource]),
      message(1, scalars, scope),
      Buffer.concat([scalars, resource]),
    ];
  },
  run(input) {
    const names = otlpMetricNames(input);
    return `${names.length} ${names.some((name) => name.length > 20)}`;
  },
};

/** A field of bytes. */
function message(field: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content);
  return Buffer.concat([Buffer.of((field << 3) | 2, (bytes.length & 0x7f) | 0x80, bytes.length >> 7), bytes]);
}
