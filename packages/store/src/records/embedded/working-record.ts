/**
 * A record while operations are done to it: bins are decoded when an operation needs them, and encoded again only when
 * one has changed them.
 */
import type { StoredRecord } from '../record-codec.ts';
import { RecordError } from '../record-error.ts';
import type { Value } from '../value.ts';
import { type BinContent, ByteWriter, readBin, writeBin } from '../value-codec.ts';

const writer = new ByteWriter();

export class WorkingRecord {
  readonly #stored: ReadonlyMap<string, Uint8Array>;
  /** Bins that were decoded or changed; undefined for those that were removed. */
  readonly #bins = new Map<string, BinContent | undefined>();
  readonly #changed = new Set<string>();
  /** Whether the bins of before are gone, but for those that were set since. */
  #replaced = false;

  constructor(stored: StoredRecord | undefined) {
    this.#stored = stored?.bins ?? new Map();
  }

  /** Leaves no bin but those that are set from now on. */
  replaceAll(): void {
    this.#replaced = true;
  }

  content(bin: string): BinContent | undefined {
    if (this.#bins.has(bin)) return this.#bins.get(bin);
    const bytes = this.#replaced ? undefined : this.#stored.get(bin);
    const content = bytes && readBin(bytes, true);
    this.#bins.set(bin, content);
    return content;
  }

  set(bin: string, value: Value, ordered = false): void {
    this.#bins.set(bin, value === null ? undefined : { value, ordered });
    this.#changed.add(bin);
  }

  /** Throws `bin_type`, for an operation on `what` that found something else. */
  refuse(bin: string, what: string): never {
    throw new RecordError('bin_type', `the bin ${bin} does not hold ${what}`);
  }

  /** All bins as bytes, in the order of their names. */
  encoded(): Map<string, Uint8Array> {
    const bins = new Map(this.#replaced ? [] : this.#stored);
    let grown = this.#replaced;
    for (const bin of this.#changed) {
      const content = this.#bins.get(bin);
      if (content === undefined) bins.delete(bin);
      else {
        grown ||= !bins.has(bin);
        bins.set(bin, encodeBin(content));
      }
    }
    return grown ? new Map([...bins].sort(([left], [right]) => (left < right ? -1 : 1))) : bins;
  }
}

export function encodeBin(content: BinContent): Buffer {
  writer.reset();
  writeBin(writer, content);
  return writer.copy();
}
