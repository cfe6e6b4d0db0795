/** One page of a query or, without a condition, of a scan. */
import { RecordError } from '../record-error.ts';
import type { IndexCondition, IndexDefinition, ScanOptions } from '../record-store.ts';
import type { AerospikeLibrary, NativeClient, NativeQuery, NativeRecord } from './client-library.ts';

const PAGE_RECORDS = 1_000;

export class PagedQuery {
  readonly #library: AerospikeLibrary;
  readonly #query: NativeQuery;

  constructor(
    library: AerospikeLibrary,
    client: NativeClient,
    place: { readonly namespace: string; readonly set: string },
    { bins, pageRecords, after }: ScanOptions,
  ) {
    this.#library = library;
    this.#query = client.query(place.namespace, place.set, {
      paginate: true,
      maxRecords: pageRecords ?? PAGE_RECORDS,
      ...(bins !== undefined && { select: [...bins] }),
    });
    if (after !== undefined) {
      const bytes = [...Buffer.from(after, 'base64url')];
      this.#query.queryState = { bytes, bytesSize: bytes.length };
    }
  }

  /** Narrows it to what an index finds. Throws `invalid_operation`. */
  where({ bin, name, type, part = 'bin' }: IndexDefinition, condition: IndexCondition): void {
    const { filter, indexType } = this.#library;
    const kind = {
      bin: indexType.DEFAULT,
      list: indexType.LIST,
      mapKeys: indexType.MAPKEYS,
      mapValues: indexType.MAPVALUES,
    }[part];
    if ('equals' in condition && typeof condition.equals === 'string' && type === 'text') {
      const { equals } = condition;
      this.#query.where(part === 'bin' ? filter.equal(bin, equals) : filter.contains(bin, equals, kind));
      return;
    }
    const [from, to] = 'equals' in condition ? [condition.equals, condition.equals] : [condition.from, condition.to];
    if (type !== 'integer' || typeof from === 'string' || typeof to === 'string') {
      throw new RecordError('invalid_operation', `the index ${name} is of ${type}s; ask it for such`);
    }
    this.#query.where(filter.range(bin, exact(from), exact(to), kind));
  }

  async read(): Promise<{ records: NativeRecord[]; cursor: string | undefined }> {
    const records = await this.#query.results();
    const state = this.#query.queryState;
    return { records, cursor: state ? Buffer.from(state.bytes).toString('base64url') : undefined };
  }
}

/** The client's filters take numbers alone. */
function exact(value: number | bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new RecordError('invalid_operation', `Aerospike's client asks for integers up to 2^53 - 1 only, not ${value}`);
}
