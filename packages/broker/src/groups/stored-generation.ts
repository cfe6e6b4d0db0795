/** A generation in the form that is stored, and members back from it. */
import { messageOf } from '@millrace/base';
import type { ClassicGroup } from './classic-group.ts';
import { GroupMember, noBytes } from './group-member.ts';
import type { StoredGeneration, StoredMember } from './group-store.ts';

/** The group's present generation; `assignments` before they are handed out, else what members have. */
export function storedGeneration(group: ClassicGroup, assignments?: ReadonlyMap<string, Uint8Array>): StoredGeneration {
  const { generation, protocolType, protocolName, since } = group;
  const members = [...group.members.all()].map((member) => {
    const { protocols: _, ...facts } = member.facts;
    const assignment = assignments === undefined ? member.assignment : (assignments.get(member.id) ?? noBytes);
    return { ...facts, metadata: base64(member.metadata(protocolName)), assignment: base64(assignment) };
  });
  return { generation, protocolType, protocolName, leaderId: group.members.leaderId, since, members };
}

/** Stores that the group became empty; never rejects. */
export async function storeEmptyGeneration(group: ClassicGroup): Promise<void> {
  const { store, report } = group.environment;
  try {
    await store.saveGeneration(group.id, storedGeneration(group));
  } catch (error) {
    // No member relies on it: after a restart the generation before is there again, until its members' sessions end.
    report({ level: 'warn', message: `could not store that group ${group.id} is empty: ${messageOf(error)}` });
  }
}

/** It offers only the protocol that its group had selected. */
export function restoredMember(stored: StoredMember, protocolName: string | null): GroupMember {
  const { metadata, assignment, ...facts } = stored;
  const protocols = protocolName === null ? [] : [{ name: protocolName, metadata: Buffer.from(metadata, 'base64') }];
  const member = new GroupMember({ ...facts, protocols });
  member.assignment = Buffer.from(assignment, 'base64');
  return member;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
