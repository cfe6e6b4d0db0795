/**
 * Bugs that the seeds must find, each a small change to the code as people make it. When the code changes, so must the
 * pieces that are replaced here: a piece that is not found fails the test.
 */
import type { PlantedBug } from './plant.ts';

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'produce answers before the write is done',
    seed: 1000,
    file: 'packages/broker/src/handlers/produce.ts',
    find: 'written === undefined ? draft : settled(draft, await written)',
    replace: 'draft',
  },
  {
    name: 'the high watermark moves before the write',
    seed: 1000,
    file: 'packages/broker/src/log/log-writer.ts',
    find: '      await lease.file.write(batches, segment.sizeBytes);\n',
    replace:
      '      this.#writtenTo = batchHeader.lastOffset(batches.at(-1) as Uint8Array, 0) + 1;\n' +
      '      await lease.file.write(batches, segment.sizeBytes);\n',
  },
  {
    name: 'producer state is not rolled back after a failed write',
    seed: 1001,
    file: 'packages/broker/src/log/producer-states.ts',
    find: '    this.#staged.clear();',
    replace: '    // none',
  },
  {
    name: 'a gap in sequence numbers is taken',
    seed: 1011,
    file: 'packages/broker/src/log/producer-states.ts',
    find: 'if (baseSequence !== sequenceAfter(state.batches.at(-1)?.lastSequence ?? -1, 1)) {',
    replace: 'if (baseSequence < sequenceAfter(state.batches.at(-1)?.lastSequence ?? -1, 1)) {',
  },
  {
    name: 'only some duplicates are recognised',
    seed: 1002,
    file: 'packages/broker/src/log/producer-states.ts',
    find: 'if (range.baseSequence === baseSequence && range.lastSequence === lastSequence) {',
    replace:
      'if (range.baseSequence === baseSequence && range.lastSequence === lastSequence && state.batches.length < 3) {',
  },
  {
    name: 'a torn tail is not cut',
    seed: 1082,
    file: 'packages/broker/src/log/segment-recovery.ts',
    find: '  await file.truncate(segment.sizeBytes);\n',
    replace: '  segment.sizeBytes = fileBytes;\n',
  },
  {
    name: 'recovery does not check checksums',
    seed: 1026,
    file: 'packages/broker/src/log/segment-recovery.ts',
    find:
      '    if (batchHeader.computeCrc(bytes, position) !== batchHeader.crc(bytes, position)) ' +
      'return false;\n    void',
    replace: '    void',
  },
  {
    name: 'producer state is not restored at start',
    seed: 1000,
    file: 'packages/broker/src/log/segment-recovery.ts',
    find: '      if (batch !== undefined) segment.addAborted(producers.commit(batch));\n' + '      position',
    replace: '      position',
  },
  {
    name: 'the journal acknowledges before the write',
    seed: 1000,
    file: 'packages/broker/src/journal/journal.ts',
    find: '    const file = this.#openFile;\n' + '    try {',
    replace:
      '    const file = this.#openFile;\n' + '    for (const pending of group) pending.resolve();\n' + '    try {',
  },
  {
    name: 'the journal goes on behind a failed write',
    seed: 1000,
    file: 'packages/broker/src/journal/journal.ts',
    find: '      await this.#cutFailedWrite(file);\n',
    replace: '      for (const pending of group) this.#position += pending.bytes.length;\n',
  },
  {
    name: "the log's end is one too small after a restart",
    seed: 1000,
    file: 'packages/broker/src/log/log.ts',
    find: '    const end = this.#segments.active?.nextOffset ?? startOffset;\n',
    replace: '    const end = Math.max(0, (this.#segments.active?.nextOffset ?? startOffset) - 1);\n',
  },
  {
    name: 'retention removes a segment and leaves the start where it was',
    seed: 1000,
    file: 'packages/broker/src/log/log-start.ts',
    find: '      this.#offset = Math.max(this.#offset, next.baseOffset);\n      return true;',
    replace: '      return next.baseOffset >= 0;',
  },
  {
    name: 'an index entry points behind its batch',
    seed: 1000,
    file: 'packages/broker/src/log/segment.ts',
    find: 'this.index.add(baseOffset, this.sizeBytes, this.maxTimestamp)',
    replace: 'this.index.add(baseOffset - 1, this.sizeBytes, this.maxTimestamp)',
  },
  {
    name: 'no sync before the answer, where one is asked for',
    seed: 1002,
    file: 'packages/broker/src/log/log-writer.ts',
    find: 'if (this.#unsynced.records + records >= this.#flushRecords(settings)) await this.#syncFile(lease.file);',
    replace:
      'if (this.#unsynced.records + records > this.#flushRecords(settings) * 3) await this.#syncFile(lease.file);',
  },
  {
    name: 'the names of new files are not synced',
    seed: 1002,
    file: 'packages/broker/src/log/unsynced.ts',
    find: '    for (const directory of this.#directories) await this.#disk.syncDirectory(directory);\n',
    replace: '',
  },
  {
    name: 'answers leave in the order in which they are ready',
    seed: 1001,
    file: 'packages/broker/src/network/answer-queue.ts',
    find: '      if (!done) break;',
    replace: '      if (!done) continue;',
  },
  {
    name: 'the file cache closes files in use',
    seed: 1000,
    file: 'packages/broker/src/log/file-cache.ts',
    find: '      if (entry.users > 0) continue;\n',
    replace: '',
  },
  {
    name: 'the tail in memory keeps what a failed write took back',
    seed: 1000,
    file: 'packages/broker/src/log/log.ts',
    find: '    this.#environment.tails.truncate(this.#tail, this.highWatermark);\n' + '    await',
    replace: '    await',
  },
  {
    name: 'producer ids begin again at every start',
    seed: 1000,
    file: 'packages/broker/src/producer-ids.ts',
    find: '    this.#next = this.#reserved;\n',
    replace: '    this.#next = Math.max(0, this.#reserved - 1000);\n',
  },
  {
    name: 'an append wakes only one of the fetches that wait',
    seed: 1004,
    file: 'packages/broker/src/topics/partition.ts',
    find: '    for (const listener of [...this.#listeners]) listener.appended(this);\n',
    replace: '    for (const listener of [...this.#listeners].slice(0, 1)) listener.appended(this);\n',
  },
  {
    name: 'what is appended during a write waits for the next append',
    seed: 1002,
    file: 'packages/broker/src/log/log.ts',
    find: '    while (this.#pending !== undefined) {\n      const group: WriteGroup',
    replace: '    if (this.#pending !== undefined) {\n      const group: WriteGroup',
  },
  {
    name: 'a partition is given to a member of a consumer group while another still owns it',
    seed: 1000,
    file: 'packages/broker/src/groups/consumer/reconcile.ts',
    find: '    if (isOwnedByOther(topicId, partition)) isComplete = false;\n    else addPartitions',
    replace: '    addPartitions',
  },
  {
    name: 'a member of a consumer group is taken to have given up what it was asked to',
    seed: 1001,
    file: 'packages/broker/src/groups/consumer/reconcile.ts',
    find: '  if (owned === null) return true;\n  return owned.some',
    replace: '  if (owned === null) return false;\n  return false && owned.some',
  },
  {
    name: 'an offset of an ended generation is taken',
    seed: 1001,
    file: 'packages/broker/src/groups/offset-commit.ts',
    find: '  if (generation !== group.generation) return errorCodes.ILLEGAL_GENERATION;\n',
    replace: '',
  },
  {
    name: 'a replaced producer may commit the transaction of its successor',
    seed: 1002,
    file: 'packages/broker/src/transactions/end-rules.ts',
    find: '(producer.epoch !== facts.epoch || (',
    replace: '((',
  },
  {
    name: 'the last stable offset passes open transactions',
    seed: 1000,
    file: 'packages/broker/src/log/producer-states.ts',
    find: 'return this.#open.size === 0 ? undefined : this.#open.values().next().value;',
    replace: 'return undefined;',
  },
  {
    name: 'aborted transactions are forgotten by a restart',
    seed: 1000,
    file: 'packages/broker/src/log/segment.ts',
    find: '    for (const transaction of summary.aborted ?? []) this.aborted.push(transaction);\n',
    replace: '',
  },
  {
    name: 'open transactions are forgotten by a restart',
    seed: 1002,
    file: 'packages/broker/src/log/producer-states.ts',
    find: '      if (transactionStart >= 0) open.push([producerId, transactionStart]);\n',
    replace: '',
  },
  {
    name: 'a transaction whose outcome was decided is not ended after a crash',
    seed: 1071,
    file: 'packages/broker/src/transactions/transaction-coordinator.ts',
    find: '.filter((transaction) => transaction.isEnding);',
    replace: '.filter((transaction) => transaction.isEnding && transaction.adding > 0);',
  },
  {
    name: 'memory of answers is used again before the socket has sent them',
    seed: 1000,
    file: 'packages/broker/src/network/answer-queue.ts',
    find: '    if (memory.length === 0) return { chunks, sent: undefined };',
    replace: '    for (const each of memory.splice(0)) each.release();',
  },
  {
    name: 'memory of batches is used again while an answer has them',
    seed: 1006,
    file: 'packages/broker/src/log/tail.ts',
    find: '      if (buffer !== last) held?.share(buffer);\n',
    replace: '',
  },
  {
    name: 'memory of batches is used again before they are written',
    seed: 1005,
    file: 'packages/broker/src/log/write-group.ts',
    find: '      memory.push(batch.buffer);',
    replace: '      batch.buffer.release();',
  },
  {
    name: "memory of a request is used again while it waits for its transaction's coordinator",
    seed: 1002,
    file: 'packages/broker/src/network/request-runner.ts',
    find: '    if (answer instanceof Promise) answer.then(finish).catch(fail);',
    replace:
      '    if (handler.keepsNoBytes) buffers.giveBack(frame);\n' +
      '    if (answer instanceof Promise) answer.then(finish).catch(fail);',
  },
  {
    name: 'our client gives records of aborted transactions that began before the chunk',
    seed: 1002,
    file: 'packages/client/src/consumer/aborted-ranges.ts',
    find: '      if (firstOffset > offset) return;\n      this.#aborting.add(producerId);',
    replace:
      '      if (firstOffset > offset) return;\n      if (firstOffset === offset) this.#aborting.add(producerId);',
  },
];
