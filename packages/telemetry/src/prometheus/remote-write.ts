/**
 * Prometheus's remote write: 1.0 (`prometheus.WriteRequest`) and 2.0 (`io.prometheus.write.v2.Request`), each after its
 * specification. The body of both is Snappy's block format around these messages. Exemplars are passed over.
 */
import { WireType } from '@bufbuild/protobuf/wire';
import { field } from '../protobuf/field.ts';
import { listOf } from '../protobuf/list-kinds.ts';
import { type Message, MessageType, messageKind, messagesKind } from '../protobuf/message.ts';
import {
  double,
  int32,
  int64,
  optional,
  plain,
  type Scalar,
  sint32,
  sint64,
  text,
  uint32,
  uint64,
} from '../protobuf/scalar-kinds.ts';
import { TelemetryError } from '../telemetry-error.ts';

/** A value, or the marker of a series that ended: a NaN of its own, which programs may not keep apart from others. */
const sampleValue: Scalar<number | 'stale'> = {
  ...double,
  wireType: WireType.Bit64,
  zero: 0,
  read(reader) {
    const value = reader.double();
    if (!Number.isNaN(value)) return value;
    reader.pos -= 8;
    const low = reader.fixed32();
    const high = reader.fixed32();
    return low === 2 && high === 0x7ff00000 ? 'stale' : value;
  },
  write(writer, value) {
    if (value === 'stale') writer.fixed64(0x7ff0000000000002n);
    else writer.double(value);
  },
  toJson: (value) => (value === 'stale' ? value : double.toJson(value)),
};

const Label = new MessageType({ name: field(1, plain(text)), value: field(2, plain(text)) });

const Sample = new MessageType({ value: field(1, plain(sampleValue)), timeMs: field(2, plain(int64)) });

const Span = new MessageType({ offset: field(1, plain(sint32)), length: field(2, plain(uint32)) });

/** A native histogram; counts are integers as deltas, or floats. */
export const RemoteHistogram = new MessageType({
  countInt: field(1, optional(uint64)),
  countFloat: field(2, optional(double)),
  sum: field(3, plain(double)),
  schema: field(4, plain(sint32)),
  zeroThreshold: field(5, plain(double)),
  zeroCountInt: field(6, optional(uint64)),
  zeroCountFloat: field(7, optional(double)),
  negativeSpans: field(8, messagesKind(Span)),
  negativeDeltas: field(9, listOf(sint64)),
  negativeCounts: field(10, listOf(double)),
  positiveSpans: field(11, messagesKind(Span)),
  positiveDeltas: field(12, listOf(sint64)),
  positiveCounts: field(13, listOf(double)),
  /** 0 unknown, 1 reset, 2 no reset, 3 gauge. */
  resetHint: field(14, plain(int32)),
  timeMs: field(15, plain(int64)),
});
export interface RemoteHistogram extends Message<typeof RemoteHistogram> {}

const TimeSeries = new MessageType({
  labels: field(1, messagesKind(Label)),
  samples: field(2, messagesKind(Sample)),
  histograms: field(4, messagesKind(RemoteHistogram)),
});

const Metadata = new MessageType({
  /** 1 counter, 2 gauge, 3 histogram, 4 gauge histogram, 5 summary, 6 info, 7 state set. */
  type: field(1, plain(int32)),
  family: field(2, plain(text)),
  help: field(4, plain(text)),
  unit: field(5, plain(text)),
});

export const WriteRequest = new MessageType({
  timeseries: field(1, messagesKind(TimeSeries)),
  metadata: field(3, messagesKind(Metadata)),
});

const MetadataRefs = new MessageType({
  /** As in 1.0. */
  type: field(1, plain(int32)),
  helpRef: field(3, plain(uint32)),
  unitRef: field(4, plain(uint32)),
});

const TimeSeriesRefs = new MessageType({
  labelsRefs: field(1, listOf(uint32)),
  samples: field(2, messagesKind(Sample)),
  histograms: field(3, messagesKind(RemoteHistogram)),
  metadata: field(5, messageKind(MetadataRefs)),
});

export const WriteRequestV2 = new MessageType({
  symbols: field(4, listOf(text)),
  timeseries: field(5, messagesKind(TimeSeriesRefs)),
});

/** One series of a request of either version. */
export interface RemoteSeries {
  readonly labels: readonly { readonly name: string; readonly value: string }[];
  readonly samples: readonly { readonly value: number | 'stale'; readonly timeMs: number }[];
  readonly histograms: readonly RemoteHistogram[];
  /** Of version 2.0, where they are told with the series. */
  readonly metadata?: { readonly type: number; readonly help: string; readonly unit: string } | undefined;
}

/** The series of a request of version 2.0, references resolved. @throws TelemetryError */
export function seriesOfV2({ symbols, timeseries }: Message<typeof WriteRequestV2>): RemoteSeries[] {
  const symbol = (ref: number): string => {
    const found = symbols[ref];
    if (found === undefined) throw new TelemetryError('', `refers to symbol ${ref} of ${symbols.length}`);
    return found;
  };
  return timeseries.map(({ labelsRefs, samples, histograms, metadata }) => {
    if (labelsRefs.length % 2 !== 0) throw new TelemetryError('', 'has a label without a value');
    const labels = [];
    for (let at = 0; at < labelsRefs.length; at += 2) {
      labels.push({ name: symbol(labelsRefs[at] as number), value: symbol(labelsRefs[at + 1] as number) });
    }
    const described = metadata && {
      type: metadata.type,
      help: symbol(metadata.helpRef),
      unit: symbol(metadata.unitRef),
    };
    return { labels, samples, histograms, metadata: described };
  });
}
