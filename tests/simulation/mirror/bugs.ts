/** Bugs of the mirror that its seeds must find, as in `planted/bugs.ts`. */
import type { PlantedBug } from '../planted/plant.ts';

const copy = 'packages/mirror/src/copy';

export const plantedMirrorBugs: readonly PlantedBug[] = [
  {
    name: 'data is sent before its announcement',
    seed: 1065,
    file: `${copy}/target-partition.ts`,
    find: ' && batch.announcement <= this.announced ? batch',
    replace: ' ? batch',
  },
  {
    name: 'recovery ignores what the log of the target holds',
    seed: 1000,
    file: `${copy}/recover-partition.ts`,
    find: 'of announced.take(count)) {',
    replace: 'of announced.take(0)) {',
  },
  {
    name: 'the journal is read up to the first marker of whoever',
    seed: 1000,
    file: `${copy}/read-journal.ts`,
    find: 'if (isMarkerOf(batch, identity)) break;',
    replace: 'if (batch.isControl) break;',
  },
  {
    name: 'nobody is fenced in the partitions',
    seed: 1000,
    file: `${copy}/shard-copy.ts`,
    find: 'fenced.map(targetOf), bounds',
    replace: '[], bounds',
  },
  {
    name: 'a batch that is sent again gets new numbers',
    seed: 1016,
    file: `${copy}/target-partition.ts`,
    find: "    this.#returned(batch).state = 'waiting';\n",
    replace:
      "    this.#returned(batch).state = 'waiting';\n" +
      '    adoptBatch(batch.bytes, this.identity.producerId, this.identity.epoch, this.#nextSequence);\n' +
      '    this.#nextSequence += batch.recordCount;\n',
  },
  {
    name: 'what a takeover found is not written down',
    seed: 1000,
    file: `${copy}/map-chunks.ts`,
    find: '[...runs];\n    this.#closed',
    replace: '[];\n    this.#closed',
  },
  {
    name: 'records of aborted transactions are copied',
    seed: 1000,
    file: 'packages/mirror/src/batches/chunk-plan.ts',
    find: 'if (this.#aborted.hides(new RecordBatch(bytes, position))) {',
    replace: 'if (this.#aborted.hides(new RecordBatch(bytes, position)) && (attributes & bits.control) !== 0) {',
  },
  {
    name: 'what is fetched counts as copied',
    seed: 1000,
    file: `${copy}/partition-copy.ts`,
    find: 'if (this.target.bytes === 0 && !this.#isInDoubt) this.#confirmed.source',
    replace: 'this.#confirmed.source',
  },
  {
    name: 'the journal counts the numbers of the last batch alone',
    seed: 1000,
    file: `${copy}/partition-copy.ts`,
    find: '(this.#confirmed.sequence + batch.records) % 2 ** 31',
    replace: 'batch.records',
  },
  {
    name: 'gaps of the source are not announced',
    seed: 1000,
    file: `${copy}/partition-copy.ts`,
    find: '      this.#lastAnnouncement = this.#host.announce(this);\n    }',
    replace: '    }',
  },
  {
    name: 'a shard that was lost and given back is not opened again',
    seed: 1050,
    file: 'packages/mirror/src/sharing/owned-shards.ts',
    find: 'if (numbers.has(shard) && !owned.isLost) continue;',
    replace: 'if (numbers.has(shard)) continue;',
  },
  {
    name: 'a group stays where its last record was not copied',
    seed: 1000,
    file: 'packages/mirror/src/groups/translate.ts',
    find: 'map.nextTarget(source) ?? progress.target',
    replace: 'map.targetOf(source) ?? progress.target',
  },
  {
    name: 'groups are carried over beyond what is copied',
    seed: 1010,
    file: 'packages/mirror/src/groups/translate.ts',
    find: '  if (source > progress.source) return undefined;\n',
    replace: '',
  },
  {
    name: 'a connection that breaks takes its batches with it',
    seed: 1055,
    file: `${copy}/target-writer.ts`,
    find: '      if (error.retriable) {\n        this.#comeBack(partition, batch, error);\n',
    replace: '      if (error.retriable) {\n        partition.succeeded(batch, 0, -1, 0);\n',
  },
  {
    name: 'fetched memory is used again before its records are stored',
    seed: 1000,
    file: `${copy}/partition-copy.ts`,
    find: '    memory.use(bytes);\n',
    replace: '    memory.use(bytes);\n    memory.giveBack(bytes);\n',
  },
  {
    name: 'a fetched frame is given back before all its partitions have taken theirs',
    seed: 1000,
    file: `${copy}/source-reader.ts`,
    find: '    if (taking.length > 0) return Promise.all(taking).then(release);\n    release();\n',
    replace: '    release();\n    if (taking.length > 0) return Promise.all(taking).then(() => undefined);\n',
  },
  {
    name: 'a range that is fetched ahead is joined over a gap',
    seed: 1002,
    file: `${copy}/partition-ranges.ts`,
    find: 'if (range.extent === undefined || range.from > position) continue;',
    replace: 'if (range.extent === undefined) continue;',
  },
  {
    name: 'of two ranges the one that arrives first is taken first',
    seed: 1002,
    file: `${copy}/partition-ranges.ts`,
    find: 'if (isHead && range.isAskedAtPosition === true) {',
    replace: 'if (this.#taking === undefined) {',
  },
  {
    name: 'what waits for its turn does not keep its memory',
    seed: 1002,
    file: `${copy}/partition-ranges.ts`,
    find: '    this.#memory.use(records);\n',
    replace: '    range.isHeld = false;\n',
  },
  {
    name: 'what a leader says of the last epoch is not asked for',
    seed: 1020,
    file: `${copy}/fetch-request.ts`,
    find: 'asksEpochs ? epoch : -1;',
    replace: '-1;',
  },
  {
    name: 'the epoch of what was copied is forgotten by whoever takes over',
    seed: 1092,
    file: `${copy}/partition-copy.ts`,
    find: 'sourceEpochs: this.sourceEpochs.known, losses:',
    replace: 'sourceEpochs: [], losses:',
  },
  {
    name: 'records that the source deleted are passed over in silence',
    seed: 1004,
    file: `${copy}/source-trouble.ts`,
    find: "report({ level: 'error', event: 'records_lost',",
    replace: "if (!goesOn) report({ level: 'error', event: 'records_lost',",
  },
  {
    name: 'what the target lost is copied again from behind what lies in its place',
    seed: 1000,
    file: `${copy}/target-truncation.ts`,
    find: '    from ??= stored.missingIn(batch);\n',
    replace: '',
  },
  {
    name: 'what shards look up together ends with the one that asked first',
    seed: 60_426,
    file: 'packages/mirror/src/provenance/origin-list.ts',
    find: 'this.#running = this.#read(this.#bounds);',
    replace: 'this.#running = this.#read({ signal });',
  },
  {
    name: 'leaders that compare nothing themselves are not asked what they have',
    seed: 1018,
    file: `${copy}/leader-epochs.ts`,
    find: 'else if (this.#compared.get(place.ranges) !== currentLeaderEpoch) {',
    replace: 'else if (nodeId < 0) {',
  },
  {
    name: 'who copies at least once goes on behind what is written down',
    seed: 1001,
    file: `${copy}/resume-points.ts`,
    find: '    source: value.confirmed.source,\n',
    replace: '    source: value.confirmed.source + 1,\n',
  },
];

const provenance = 'packages/mirror/src/provenance';

/** Bugs that seeds of a ring must find. */
export const plantedRingBugs: readonly PlantedBug[] = [
  {
    name: 'a producer id is listed after its first use',
    seed: 1000,
    file: `${copy}/shard-copy.ts`,
    find: 'identity.producerId >= 0 && (await provenance.list(identity, journal.partition, isRouted, bounds));',
    replace:
      'isRouted; target.settings.platform.timers.after(200, () => void provenance.list(identity, journal.partition, ' +
      'isRouted, bounds).catch(() => undefined));',
  },
  {
    name: 'the list is not read again for producers that are not known',
    seed: 1000,
    file: `${provenance}/source-routes.ts`,
    find: '    await this.#list.refresh(this.#bounds);\n',
    replace: '',
  },
  {
    name: 'another route is not announced',
    seed: 1001,
    file: `${copy}/partition-copy.ts`,
    find: 'last.offset + last.count === offset && last.via === via',
    replace: 'last.offset + last.count === offset',
  },
  {
    name: 'where records came from before is forgotten',
    seed: 1001,
    file: `${provenance}/source-routes.ts`,
    find: "routeThrough(before ?? '', origin.source)",
    replace: "routeThrough(before === undefined ? '' : '', origin.source)",
  },
  {
    name: 'a journal is not read again for records that were on their way',
    seed: 1001,
    file: `${provenance}/chunk-route-map.ts`,
    find: ' && baseOffset < this.#newest.confirmed.target',
    replace: '',
  },
];

/** Bugs that seeds of ranges over elections must find. */
export const plantedRangesBugs: readonly PlantedBug[] = [
  {
    name: 'a range asked for ahead is taken without a look when its turn has come on its way',
    seed: 1008,
    file: `${copy}/partition-ranges.ts`,
    find: 'if (isHead && range.isAskedAtPosition === true) {',
    replace: 'if (isHead) {',
  },
  {
    name: 'of a range that waits only the first epoch is compared',
    seed: 1037,
    file: `${copy}/record-extent.ts`,
    find: 'epochs.some((each) => each.epoch === epoch && each.end >= position)',
    replace: 'epochs[0]?.epoch === epoch && position >= 0',
  },
  {
    name: 'an epoch that lies before what is taken counts as new',
    seed: 1071,
    file: `${copy}/source-epochs.ts`,
    find: 'start < next && end > from && epoch',
    replace: 'start < next && end >= 0 && epoch',
  },
  {
    name: 'a leader that knows an older epoch is believed to have the log',
    seed: 1000,
    file: `${copy}/source-divergence.ts`,
    find: 'told !== undefined && told.epoch === epoch && told.endOffset >= position',
    replace: 'told !== undefined && epoch >= 0 && position >= 0',
  },
];
