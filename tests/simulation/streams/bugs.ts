/** Bugs of the streams runtime and its client that the job's seeds must find, as in `planted/bugs.ts`. */
import type { PlantedBug } from '../planted/plant.ts';

const runtime = 'packages/streams/src/runtime';

export const plantedStreamsBugs: readonly PlantedBug[] = [
  {
    name: 'a commit that nobody answered counts as given up',
    seed: 1020,
    file: `${runtime}/job-runner.ts`,
    find: 'if (isInDoubt) restart(run);',
    replace: 'if (isInDoubt && false) restart(run);',
  },
  {
    name: 'a batch that was handed out before its partition went back is worked on',
    seed: 1029,
    file: `${runtime}/job-runner.ts`,
    find: ' || consumer.position(input) !== batch.nextOffset) return;',
    replace: ') return;',
  },
  {
    name: 'rows go to disk before the commit',
    seed: 1000,
    file: `${runtime}/job-runner.ts`,
    find: '    const moved = runs.flatMap((run) => run.newOffsets());\n',
    replace: '    await rows.write();\n    const moved = runs.flatMap((run) => run.newOffsets());\n',
  },
  {
    name: 'rows of aborted transactions are restored',
    seed: 1000,
    file: `${runtime}/restore.ts`,
    find: "isolation: 'read_committed'",
    replace: "isolation: 'read_uncommitted'",
  },
  {
    name: 'records of aborted transactions are worked on',
    seed: 1000,
    file: `${runtime}/assemble-job.ts`,
    find: "settings.isExactlyOnce ? 'read_committed'",
    replace: "settings.isExactlyOnce ? 'read_uncommitted'",
  },
  {
    name: 'what a task had done is not committed when it goes',
    seed: 1000,
    file: `${runtime}/task-admission.ts`,
    find: '        await runner.settle();\n',
    replace: '',
  },
  {
    name: 'a task that goes back keeps its state',
    seed: 1033,
    file: `${runtime}/job-runner.ts`,
    find: '        run.goBack(consumer);\n        run.task = this.makeTask(run);\n',
    replace: '        run.goBack(consumer);\n',
  },
  {
    name: 'the group does not hear which member commits',
    seed: 1062,
    file: `${runtime}/transactor.ts`,
    find: '({ ...consumer.groupOffsets(), offsets })',
    replace: '({ group: consumer.groupOffsets().group, offsets })',
  },
  {
    name: 'stream time is forgotten with the process',
    seed: 1000,
    file: 'packages/streams/src/task/task.ts',
    find: 'const note = this.#note();',
    replace: 'const note: Uint8Array | undefined = undefined;',
  },
  {
    name: 'what is known to be bad is forgotten with a commit of other tasks',
    seed: 2034,
    file: `${runtime}/poison-records.ts`,
    find: '    if (this.#mended.size === 0) return;\n',
    replace: '    this.#known.clear();\n',
  },
  {
    name: 'what was fetched while the leader was asked counts as cut off',
    seed: 1112,
    file: 'packages/client/src/consumer/positions.ts',
    find: 'end < fetchPosition)',
    replace: 'end < state.fetchPosition)',
  },
];

/** Likewise of joins. */
export const plantedJoinBugs: readonly PlantedBug[] = [
  {
    name: 'whom a record has met is forgotten with the process',
    seed: 1000,
    file: 'packages/streams/src/state/row-serdes.ts',
    find: '(row.isMet ? 1 : 0) |',
    replace: '0 |',
  },
  {
    name: 'a task that begins anew sends unmet records again',
    seed: 1001,
    file: 'packages/streams/src/operators/stream-join.ts',
    find: 'let settled = context.streamTime - waitMs - 1;',
    replace: 'let settled = Number.NEGATIVE_INFINITY;',
  },
  {
    name: 'a task goes on without a partition that may have more',
    seed: 1000,
    file: `${runtime}/task-run.ts`,
    find: 'mayGoOn = (!input.isAwaited || this.#isIdle(input)) && mayGoOn;',
    replace: 'mayGoOn &&= true;',
  },
  {
    name: 'a result that is set aside has had its effects',
    seed: 1000,
    file: `${runtime}/poison-records.ts`,
    find: '      this.#mustHaveNoEffects(before, nameOfResult(result), error);\n',
    replace: '',
  },
  {
    name: 'a result with the key and time of one that is set aside is set aside too',
    seed: 1008,
    file: 'packages/streams/src/operators/stream-join.ts',
    find: 'areRepeated: true',
    replace: 'areRepeated: false',
  },
  {
    name: 'a record with the key and time of another takes its row',
    seed: 1003,
    file: 'packages/streams/src/state/window-store.ts',
    find: 'last === undefined ? 0 : last.number + 1',
    replace: '0',
  },
  {
    name: 'rows that are gone stay on disk',
    seed: 1000,
    file: `${runtime}/commit-rows.ts`,
    find: 'if (value === null) batch.delete(space, key);',
    replace: 'if (value === null) return;',
  },
];
