/** A record as the printers see it. */
export interface PrintedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970; -1 when unknown. */
  readonly timestamp: number;
  readonly keyBytes: Uint8Array | null;
  readonly valueBytes: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

/** Where records are printed to. Both copy. */
export interface RecordSink {
  text(text: string): void;
  bytes(bytes: Uint8Array): void;
}

/** Prints one record. */
export type RecordPrinter = (record: PrintedRecord, sink: RecordSink) => void;
