/** Windowed keys as bytes, in the forms of Kafka Streams' `TimeWindowedSerializer` and `SessionWindowedSerializer`. */
import { int64, type Serde } from '@millrace/client';
import { formOf, type Windowed, type Windows } from './windows.ts';

const timeBytes = 8;

/**
 * A serde of the keys that windows make of keys: for topics whose keys they are, and for operators that keep them. The
 * key's own bytes, then the window's start; of sessions the time of the last record, then the start; both 64 bits.
 */
export function windowedKey<K>(key: Serde<K>, windows: Windows): Serde<Windowed<K>> {
  const isSession = windows.kind === 'session';
  const tailBytes = isSession ? 2 * timeBytes : timeBytes;
  /** From the time that is written to the window's end. */
  const lengthMs = lengthOf(windows);
  return {
    serialize: (windowed) => {
      const own = key.serialize(windowed.key);
      if (own === null) throw new TypeError('the key of a window may not be null');
      const times = isSession ? [windowed.end - lengthMs, windowed.start] : [windowed.start];
      return Buffer.concat([Buffer.from(own), ...times.map((time) => int64.serialize(time) as Uint8Array)]);
    },
    deserialize: (bytes) => {
      if (bytes === null || bytes.length < tailBytes) throw new TypeError('these bytes are no windowed key');
      const at = bytes.length - tailBytes;
      const timeAt = (place: number): number => int64.deserialize(bytes.subarray(place, place + timeBytes));
      const own = readKey(key, bytes.subarray(0, at));
      if (isSession) return { key: own, start: timeAt(at + timeBytes), end: timeAt(at) + lengthMs };
      return { key: own, start: timeAt(at), end: timeAt(at) + lengthMs };
    },
    name: `windowed ${key.name ?? 'unnamed'} ${formOf(windows)}`,
  };
}

function lengthOf(windows: Windows): number {
  if (windows.kind === 'session') return windows.apartMs;
  return windows.kind === 'sliding' ? windows.differenceMs + 1 : windows.sizeMs;
}

function readKey<K>(key: Serde<K>, bytes: Uint8Array): K {
  if (key.deserializeText === undefined) return key.deserialize(bytes);
  return key.deserializeText(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
}
