/** Differences between both sides of a partition, each with its sentence. */
import type { Record } from '@millrace/wire';
import { describeFields, describeRecord, differingFields } from './record-facts.ts';
import type { Difference } from './verification.ts';

/** The first of `count` pairs that differ. */
export function changedRecords(source: Record, target: Record, count: number): Difference {
  const fields = differingFields(source, target);
  const more = count === 1 ? '' : `; it is the first of ${count} records in a row that differ`;
  const what = fields.length === 0 ? 'nothing that readers see' : describeFields(source, target, fields);
  return {
    kind: 'changed',
    sourceOffset: source.offset,
    targetOffset: target.offset,
    count,
    fields,
    sentence: `source offset ${source.offset} and target offset ${target.offset} differ in ${what}${more}`,
  };
}

/** `mapped`: where the offset map says that the first one lies. */
export function missingRecords(first: Record, count: number, mapped: number | undefined): Difference {
  const where = mapped === undefined ? '' : `; the offset map says that it lies at target offset ${mapped}`;
  return {
    kind: 'missing',
    sourceOffset: first.offset,
    targetOffset: mapped,
    count,
    fields: [],
    sentence: `the target lacks ${recordsFrom('source', first, count)}${where}`,
  };
}

/** `repeats`: the target offset from which on the same records lie right before; `mapped`: what the map says it is. */
export function extraRecords(
  first: Record,
  count: number,
  { repeats, mapped }: { readonly repeats?: number | undefined; readonly mapped?: number | undefined },
): Difference {
  const repetition = repeats === undefined ? '' : `; the target has the same from offset ${repeats} on`;
  const claim = mapped === undefined ? '' : `; the offset map says that it is source offset ${mapped}`;
  return {
    kind: 'extra',
    sourceOffset: mapped,
    targetOffset: first.offset,
    count,
    fields: [],
    sentence: `the source lacks ${recordsFrom('target', first, count)}${repetition}${claim}`,
  };
}

export function otherOrder(source: Record, target: Record, count: number): Difference {
  return {
    kind: 'order',
    sourceOffset: source.offset,
    targetOffset: target.offset,
    count,
    fields: [],
    sentence:
      `the ${count} records from source offset ${source.offset} on stand in another order in the target, ` +
      `from offset ${target.offset} on`,
  };
}

/** Equal records that the map puts elsewhere, or does not know. */
export function misplacedRecord(source: Record, target: Record, mapped: number | undefined): Difference {
  const claim = mapped === undefined ? 'does not know it' : `says ${mapped}`;
  return {
    kind: 'offset',
    sourceOffset: source.offset,
    targetOffset: target.offset,
    count: 1,
    fields: [],
    sentence:
      `the record at source offset ${source.offset} lies at target offset ${target.offset}, ` +
      `but the offset map ${claim}`,
  };
}

function recordsFrom(side: string, first: Record, count: number): string {
  const what = count === 1 ? `the record at ${side} offset` : `${count} records, the first at ${side} offset`;
  return `${what} ${first.offset} (${describeRecord(first)})`;
}
