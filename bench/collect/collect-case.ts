/** A case of the benchmark: what is sent to a collector, over and over. */
export interface CollectCase {
  readonly name: string;
  /** What one request has so many of: `events`, `points`, `lines`. */
  readonly unit: string;
  readonly itemsPerRequest: number;
  /** On the collectors' server. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The body. Each run of `idMark` in it is replaced by the same number of characters that no other request has there,
   * for ids that must differ.
   */
  readonly body: Buffer;
  /** How many items the platform has worked on so far, where what it accepts is worked on further. */
  readonly counted?: ((url: string) => Promise<number>) | undefined;
}

export const idMark = '@@@@@@@@';
