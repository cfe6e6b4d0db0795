/** Attaching and detaching partitions. */
import type { Node } from 'libpg-query';
import { nameText, type ObjectName, relationName } from '../../sql/names.ts';
import type { Context, Effect, LockTaken } from '../effect.ts';

/**
 * The new partition is read whole under the strongest lock unless a valid CHECK of it implies the bounds, and so is the
 * default partition.
 */
export function attachPartition(parent: ObjectName, definition: Node | undefined, { catalog, isNew }: Context): Effect {
  const child = childOf(definition);
  const byDefault = catalog.table(parent)?.defaultPartition;
  const hasCheck = catalog.table(child)?.constraints.some(({ kind, isValid }) => kind === 'check' && isValid) === true;
  const locks: LockTaken[] = [
    { on: parent, mode: 'SHARE UPDATE EXCLUSIVE' },
    { on: child, mode: 'ACCESS EXCLUSIVE' },
    ...(byDefault === undefined ? [] : [{ on: byDefault, mode: 'ACCESS EXCLUSIVE' } as const]),
  ];
  const isFree = isNew(child) && byDefault === undefined;
  return {
    kind: 'ALTER TABLE ... ATTACH PARTITION',
    locks,
    rewrites: 'no',
    scans: isFree ? 'no' : hasCheck || !catalog.isRead ? 'maybe' : 'yes',
    findings:
      isFree || hasCheck
        ? []
        : [
            {
              rule: 'attach-partition',
              severity: 'unsafe',
              breaks: ['reads', 'writes'],
              message: `each row of ${[child, byDefault]
                .flatMap((each) => each ?? [])
                .map(nameText)
                .join(' and of ')} is read while nobody can read or write it`,
              safe: [
                `ALTER TABLE ${nameText(child)} ADD CONSTRAINT ... CHECK (...) NOT VALID, with its bounds`,
                `ALTER TABLE ${nameText(child)} VALIDATE CONSTRAINT ...`,
                `then ATTACH PARTITION, and drop the constraint`,
              ],
            },
          ],
  };
}

export function detachPartition(parent: ObjectName, definition: Node | undefined): Effect {
  const child = childOf(definition);
  const isConcurrent =
    definition !== undefined && 'PartitionCmd' in definition && definition.PartitionCmd.concurrent === true;
  if (isConcurrent) {
    return {
      kind: 'ALTER TABLE ... DETACH PARTITION CONCURRENTLY',
      locks: [
        { on: parent, mode: 'SHARE UPDATE EXCLUSIVE' },
        { on: child, mode: 'ACCESS EXCLUSIVE' },
      ],
      rewrites: 'no',
      scans: 'no',
      findings: [],
    };
  }
  return {
    kind: 'ALTER TABLE ... DETACH PARTITION',
    locks: [
      { on: parent, mode: 'ACCESS EXCLUSIVE' },
      { on: child, mode: 'ACCESS EXCLUSIVE' },
    ],
    rewrites: 'no',
    scans: 'no',
    findings: [
      {
        rule: 'detach-partition',
        severity: 'unsafe',
        breaks: ['reads', 'writes'],
        message: `nobody can read or write ${nameText(parent)} or any partition until the transaction ends`,
        safe: [`ALTER TABLE ${nameText(parent)} DETACH PARTITION ${nameText(child)} CONCURRENTLY`],
      },
    ],
  };
}

function childOf(definition: Node | undefined): ObjectName {
  const relation = definition !== undefined && 'PartitionCmd' in definition ? definition.PartitionCmd.name : undefined;
  return relation === undefined ? { name: '' } : relationName(relation);
}
