/**
 * Files that a broker finds at its start. Whoever damaged them, and even if their checksums fit: it starts with what it
 * can make of them, or says with an error of the project why it does not.
 */
import { compactOnce } from '@millrace/broker/testing/compaction-fixture';
import { CrashingDisk } from '@millrace/broker/testing/crashing-disk';
import { encodeEntry, journalHeader } from '@millrace/broker/testing/decoders';
import { LogFixture, logDirectory } from '@millrace/broker/testing/log-fixture';
import {
  batchHeader,
  buildControlBatch,
  crc32c,
  describeAcls,
  describeClientQuotas,
  describeGroups,
  describeTransactions,
  listGroups,
  listTransactions,
  metadata,
  offsetFetch,
  RecordBatchBuilder,
  readBatches,
} from '@millrace/wire';
import { attempt, attemptLater, type FuzzTarget } from '../fuzz-target.ts';
import { MemoryCluster } from '../memory-cluster.ts';
import { inputBytesMax } from '../mutate.ts';
import { reshapeBy } from '../reshape.ts';
import { prepare, validRequests } from '../valid-requests.ts';

const journalPath = '/data/journal';
const identityPath = '/data/meta.json';
const linesOfSeed = 12;

/**
 * An input is a byte that says what follows: a journal as it is, or the text of its entries, a line each, which get
 * their checksums; or only those that are JSON; or those with one field that has another value. What the broker makes
 * of a damaged one is whole; of a forged one it starts or says why not.
 */
export const journal: FuzzTarget = {
  name: 'journal',
  inputs: 2500,
  async seeds() {
    const bytes = await writtenJournal();
    const lines = entriesIn(bytes);
    const pieces = Array.from({ length: Math.ceil(lines.length / linesOfSeed) }, (_, index) => {
      return lines.slice(index * linesOfSeed, (index + 1) * linesOfSeed);
    });
    return [
      Buffer.concat([Buffer.of(0), bytes]).subarray(0, inputBytesMax),
      ...[lines, ...pieces].flatMap((each) => [
        Buffer.from(`\u0002${each.join('\n')}`).subarray(0, inputBytesMax),
        Buffer.from(`\u0003${each.join('\n')}`).subarray(0, inputBytesMax),
      ]),
    ];
  },
  async run(input) {
    const disk = new CrashingDisk();
    const kind = (input[0] ?? 0) % 4;
    const isForged = kind > 0;
    const lines = linesOf(kind, input.subarray(1));
    const content = isForged ? Buffer.concat([journalHeader, ...lines.map(entry)]) : input.subarray(1);
    const identity = JSON.stringify({ formatVersion: 1, clusterId: 'AAAAAAAAAAAAAAAAAAAAAA' });
    await disk.writeFileAtomic(identityPath, Buffer.from(identity), { sync: false });
    await disk.writeFileAtomic(journalPath, content, { sync: false });
    const cluster = await MemoryCluster.start(disk);
    if (!isForged) await everythingOf(cluster);
    await cluster.platform.pass(5000);
    await cluster.whileTimePasses(cluster.cluster.close());
    const defect = cluster.defects[0];
    if (defect !== undefined && !isForged) throw new Error(defect);
    return cluster.events.map(({ message }) => message.replace(/\d+/g, '0').slice(0, 60)).join();
  },
};

function linesOf(kind: number, bytes: Uint8Array): string[] {
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  if (kind < 2) return lines;
  const entries = lines.filter(isJson).map((line) => JSON.parse(line));
  if (kind === 3) reshapeBy(entries, bytes);
  return entries.map((each) => JSON.stringify(each));
}

/** Looks at all that came out of the journal. */
async function everythingOf(cluster: MemoryCluster): Promise<void> {
  using peer = await cluster.peer();
  await peer.request(metadata, { topics: null });
  const { groups } = await peer.request(listGroups, { statesFilter: [], typesFilter: [] });
  const groupIds = groups.map(({ groupId }) => groupId);
  await peer.request(describeGroups, { groups: groupIds });
  const asked = groupIds.map((groupId) => ({ groupId, topics: null }));
  await peer.request(offsetFetch, { groupId: '', topics: null, groups: asked, requireStable: false }, 9);
  const { transactionStates } = await peer.request(listTransactions, { stateFilters: [], producerIdFilters: [] });
  const transactionalIds = transactionStates.map(({ transactionalId }) => transactionalId);
  await peer.request(describeTransactions, { transactionalIds });
  await peer.request(describeClientQuotas, { components: [], strict: false });
  const any = { resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1 };
  const anybody = { principalFilter: null, hostFilter: null, operation: 1, permissionType: 1 };
  await peer.request(describeAcls, { ...any, ...anybody });
}

/** The journal of a broker that was asked for all that brokers do. */
async function writtenJournal(): Promise<Uint8Array> {
  const cluster = await MemoryCluster.start();
  using peer = await cluster.peer();
  for (const frame of validRequests(await prepare(peer))) {
    using other = await cluster.peer();
    other.send(frame);
    await other.next();
  }
  await cluster.whileTimePasses(cluster.cluster.close());
  return cluster.platform.disk.content(journalPath);
}

/** The texts of all entries. */
function entriesIn(journal: Uint8Array): string[] {
  const bytes = Buffer.from(journal);
  const texts: string[] = [];
  for (let at = journalHeader.length; at < bytes.length; ) {
    const end = at + 9 + bytes.readUInt32BE(at + 1);
    texts.push(bytes.toString('utf8', at + 9, end));
    at = end;
  }
  return texts;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return false;
  }
}

/** An entry of any text, with its length and checksum. */
function entry(text: string): Uint8Array {
  const payload = Buffer.from(text);
  const bytes = Buffer.from(Buffer.concat([encodeEntry('', null).subarray(0, 9), payload]));
  bytes.writeUInt32BE(payload.length, 1);
  bytes.writeUInt32BE(crc32c(bytes, crc32c(bytes, 0, 1, 5), 9, bytes.length), 5);
  return bytes;
}

const baseName = '00000000000000000000';
const secondName = '00000000000000000006';
/** In their order in an input, each after its length in three bytes. */
const logFiles = [`${baseName}.log`, `${baseName}.index`, `${secondName}.log`, `${baseName}.swap`, 'compacted-to'].map(
  (name) => `${logDirectory}/${name}`,
);
const settings = { compact: true, segmentBytes: 600, indexIntervalBytes: 100, compactionLagMinMs: 0, dirtyRatioMin: 0 };

/**
 * An input is a byte, of which some bits ask for checksums to be set right or another value of a field of the
 * summary, then the files of a log.
 */
export const logs: FuzzTarget = {
  name: 'logs',
  inputs: 6000,
  async seeds() {
    const disk = await writtenLog();
    const files = logFiles.map((path) => disk.content(path));
    const swap = Buffer.from(JSON.stringify({ baseOffsets: [0, 6], sizeBytes: files[0]?.length }));
    const swapped = files.map((content, index) => (logFiles[index]?.endsWith('.swap') ? swap : content));
    return [0, 1, 3, 5].flatMap((bits) => [files, swapped].map((each) => packed(bits, each)));
  },
  async run(input) {
    const disk = new CrashingDisk();
    for (const [index, content] of unpacked(input.subarray(1)).entries()) {
      const path = logFiles[index] as string;
      if (content.length > 0) await disk.writeFileAtomic(path, mended(path, content, input), { sync: false });
    }
    const log = await LogFixture.open({ disk, settings });
    const outcomes = [
      await attemptLater(() => readAll(log)),
      await attemptLater(async () => (await compactOnce(log)) === undefined),
      await attemptLater(() => log.append({ values: ['more'], keys: ['k'] })),
      await attemptLater(() => readAll(log)),
    ];
    await log.close();
    return [...log.reports, ...outcomes].map((text) => text.replace(/\d+/g, '0').slice(0, 80)).join();
  },
};

/** How far a consumer comes, who takes what can be read and goes on behind it. */
async function readAll({ log }: LogFixture): Promise<string> {
  let read = '';
  for (let next = log.startOffset; next < log.highWatermark; ) {
    const chunks = await log.read(next, 300, true);
    if (chunks.length === 0) return `${read} nothing`;
    log.aborted(next, chunks);
    for (const chunk of chunks) {
      for (const batch of readBatches(chunk)) {
        read = attempt(() => [...batch.records()].length > 0);
        next = Math.max(next + 1, batch.lastOffset + 1);
      }
    }
  }
  return read;
}

/** Checksums and lengths as whoever forges a file would set them. */
function mended(path: string, content: Uint8Array, input: Uint8Array): Uint8Array {
  const bits = input[0] ?? 0;
  const isReworded = path.endsWith('.index') && (bits & 4) === 4;
  const bytes = isReworded ? reworded(Buffer.from(content), input) : Buffer.from(content);
  if (path.endsWith('.index') && (bits & 1) === 1 && bytes.length >= 12) {
    bytes.writeUInt32BE(crc32c(bytes.subarray(8)), 4);
  }
  if (path.endsWith('.log') && (bits & 2) === 2) {
    for (let at = 0; at + batchHeader.batchHeaderBytes <= bytes.length; ) {
      const size = batchHeader.batchSize(bytes, at);
      if (size < batchHeader.batchHeaderBytes || at + size > bytes.length) break;
      batchHeader.updateCrc(bytes, at);
      at += size;
    }
  }
  return bytes;
}

/** A summary of which a field has another value. */
function reworded(content: Buffer, input: Uint8Array): Buffer {
  if (content.length < 12) return content;
  const text = content.toString('utf8', 12, 12 + content.readUInt32BE(8));
  if (!isJson(text)) return content;
  const summary = JSON.parse(text);
  reshapeBy(summary, input);
  const changed = Buffer.from(JSON.stringify(summary));
  const head = Buffer.from(content.subarray(0, 12));
  head.writeUInt32BE(changed.length, 8);
  return Buffer.concat([head, changed, content.subarray(12 + Buffer.byteLength(text))]);
}

async function writtenLog(): Promise<CrashingDisk> {
  const disk = new CrashingDisk();
  const log = await LogFixture.open({ disk, settings });
  await log.append({ values: ['one', 'two'], keys: ['a', 'b'] });
  await log.append({ values: ['three'], keys: ['a'], producerId: 7, baseSequence: 0, compression: 'gzip' });
  await log.append({ values: ['four', null], keys: ['c', 'b'], producerId: 9, baseSequence: 0, transactional: true });
  const marker = { coordinatorEpoch: 1, producerId: 9, producerEpoch: 0, timestamp: 1_000_000 };
  await log.log.append(Uint8Array.from(buildControlBatch({ type: 'abort', ...marker })), 0).written;
  const builder = new RecordBatchBuilder();
  builder.append(1_000_001, 'd', 'x'.repeat(200));
  await log.log.append(Uint8Array.from(builder.build()), 2).written;
  await log.append({ values: ['y'.repeat(200)], keys: ['e'] });
  await log.close();
  return disk;
}

function packed(bits: number, files: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([
    Buffer.of(bits),
    ...files.flatMap((content) => [Buffer.of(content.length >> 16, content.length >> 8, content.length), content]),
  ]);
}

function unpacked(bytes: Uint8Array): Uint8Array[] {
  const files: Uint8Array[] = [];
  for (let at = 0; at + 3 <= bytes.length && files.length < logFiles.length; ) {
    const [high = 0, middle = 0, low = 0] = bytes.subarray(at, at + 3);
    const end = at + 3 + ((high << 16) | (middle << 8) | low);
    files.push(bytes.subarray(at + 3, end));
    at = end;
  }
  return files;
}
