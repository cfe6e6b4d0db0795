/**
 * The assignor of a job's group: what members tell whoever leads them, how that one shares the tasks, and what each
 * member hears of it. All partitions that a task reads go to one member.
 */
import type { Assignor } from '@millrace/client';
import { decodeReport, encodeReport, type MemberReport } from '../sharing/member-report.ts';
import { type Shares, type SharingRules, shareTasks } from '../sharing/share-tasks.ts';
import type { SharedTask } from '../sharing/shared-task.ts';
import { decodeNote, encodeNotes, type SharingNote } from '../sharing/sharing-note.ts';

export interface TaskAssignorOptions {
  readonly rules: SharingRules;
  /** The tasks that there are with so many partitions by topic. */
  readonly tasksOf: (counts: ReadonlyMap<string, number>) => readonly SharedTask[];
  /** What this member tells, asked for at each join. */
  readonly report: () => MemberReport;
  /** Told what the leader says, before the partitions that come with it. */
  readonly noted: (note: SharingNote) => void;
}

export function taskAssignor({ rules, tasksOf, report, noted }: TaskAssignorOptions): Assignor {
  let notes: ReadonlyMap<string, Uint8Array> = new Map();
  return {
    name: 'millrace-tasks',
    isCooperative: true,
    userData: () => encodeReport(report()),
    assign: (members, counts) => {
      const reports = new Map(members.map(({ memberId, userData }) => [memberId, decodeReport(userData)]));
      const sharing = members.map(({ memberId, owned, generation }) => ({
        ...{ memberId, owned, generation },
        report: reports.get(memberId) as MemberReport,
      }));
      const shares = shareTasks(sharing, tasksOf(counts), rules);
      notes = notesOf(shares, reports);
      return new Map([...shares.active].map(([id, tasks]) => [id, tasks.flatMap(({ partitions }) => partitions)]));
    },
    assignmentData: () => notes,
    assigned: (data) => noted(decodeNote(data)),
  };
}

function notesOf(
  { active, standbys, warming }: Shares,
  reports: ReadonlyMap<string, MemberReport>,
): Map<string, Uint8Array> {
  const places = [...reports].flatMap(([memberId, { server }]) => {
    if (server === undefined) return [];
    const ids = active.get(memberId)?.map(({ id }) => id) ?? [];
    return [{ server, active: ids, standbys: standbys.get(memberId) ?? [] }];
  });
  const own = [...standbys].map(
    ([memberId, ids]) => [memberId, { standbys: ids, warming: warming.get(memberId) ?? [] }] as const,
  );
  return encodeNotes(new Map(own), places);
}
