/** Checks of what callers hand in, the same for every implementation, before anything is done. */
import type { Operation } from './operation.ts';
import { RecordError } from './record-error.ts';
import { checkBinName, checkPlace } from './record-key.ts';
import type { Bins, ChangeOptions, IndexDefinition, ScanOptions, TimeToLive } from './record-store.ts';
import { checkMapKey, checkValue, Double } from './value.ts';

const TTL_MAX = 10 * 365 * 24 * 60 * 60;
const INDEX_NAME_BYTES_MAX = 63;

/** Throws `invalid_key` or `invalid_value`. */
export function checkBins(bins: Bins): void {
  const entries = Object.entries(bins);
  if (entries.length === 0) throw invalid('a put sets one bin at least');
  for (const [name, value] of entries) {
    checkBinName(name);
    checkValue(value, `the bin ${name}`);
  }
}

/** Throws `invalid_operation`. */
export function checkChange({ generation, ttl }: Pick<ChangeOptions, 'generation' | 'ttl'> = {}): void {
  if (generation !== undefined && !(Number.isInteger(generation) && generation >= 1 && generation <= 0xffff)) {
    throw invalid(`an expected generation is a whole number from 1 to 65535, not ${generation}`);
  }
  if (ttl !== undefined) checkTimeToLive(ttl);
}

/** Throws `invalid_operation`. */
export function checkTimeToLive(ttl: TimeToLive): void {
  if (ttl === 'never' || ttl === 'keep') return;
  if (Number.isInteger(ttl) && ttl >= 1 && ttl <= TTL_MAX) return;
  throw invalid(`a time to live is 'never', 'keep', or whole seconds from 1 to ${TTL_MAX} (10 years), not ${ttl}`);
}

/** Throws `invalid_key`, `invalid_value` or `invalid_operation`. */
export function checkOperations(operations: readonly Operation[]): void {
  if (operations.length === 0) throw invalid('there is no operation to do');
  for (const operation of operations) checkOperation(operation);
}

/** Throws `invalid_key`. */
export function checkIndex(definition: IndexDefinition): void {
  checkPlace(definition);
  checkBinName(definition.bin);
  const length = Buffer.byteLength(definition.name);
  if (length >= 1 && length <= INDEX_NAME_BYTES_MAX && /^[^\0:;=\t]+$/.test(definition.name)) return;
  const what = `an index has a name of 1 to ${INDEX_NAME_BYTES_MAX} bytes, without NUL, tabulator, colon, ; and =`;
  throw new RecordError('invalid_key', `${what}, not ${JSON.stringify(definition.name)}`);
}

/** Throws `invalid_operation`. */
export function checkPage({ pageRecords = 1 }: Pick<ScanOptions, 'pageRecords'>): void {
  if (Number.isInteger(pageRecords) && pageRecords >= 1) return;
  throw invalid(`a page has one record at least, not ${pageRecords}`);
}

/** Whether any of them changes a record. */
export function changesRecord(operations: readonly Operation[]): boolean {
  return operations.some(({ type }) => !reading.has(type));
}

const reading = new Set<Operation['type']>([
  'read',
  'list.get',
  'list.getByRank',
  'list.getByValueRange',
  'list.size',
  'map.getByKey',
  'map.getByKeys',
  'map.getByKeyRange',
  'map.getByRank',
  'map.getByValueRange',
  'map.size',
]);

function checkOperation(operation: Operation): void {
  if (operation.type === 'touch') return;
  const { bin } = operation;
  checkBinName(bin);
  const where = `${operation.type} on the bin ${bin}`;
  if ('value' in operation) checkValue(operation.value, where);
  if (operation.type === 'add' || operation.type === 'map.increment') checkNumber(operation.value, where);
  if (operation.type === 'append' || operation.type === 'prepend') checkPart(operation.value, where);
  if ('values' in operation) checkValue(operation.values, where);
  if ('entries' in operation) checkValue(operation.entries, where);
  if ('key' in operation) checkMapKey(operation.key, where);
  if ('keys' in operation) for (const key of operation.keys) checkMapKey(key, where);
  if ('from' in operation) for (const end of [operation.from, operation.to]) checkValue(end ?? null, where);
  if ('index' in operation) checkWhole(operation.index, where);
  if ('start' in operation) {
    checkWhole(operation.start, where);
    if (operation.count !== undefined) checkWhole(operation.count, where);
    if ((operation.count ?? 0) < 0) throw invalid(`${where}: a count is not negative`);
  }
}

function checkNumber(value: unknown, where: string): void {
  if (typeof value === 'bigint' || value instanceof Double) return;
  if (typeof value !== 'number' || Number.isNaN(value)) throw invalid(`${where}: ${String(value)} is no number`);
}

function checkPart(value: unknown, where: string): void {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw invalid(`${where}: it takes text or bytes`);
}

function checkWhole(value: number, where: string): void {
  if (!Number.isSafeInteger(value)) throw invalid(`${where}: ${value} is no whole number`);
}

function invalid(message: string): RecordError {
  return new RecordError('invalid_operation', message);
}
