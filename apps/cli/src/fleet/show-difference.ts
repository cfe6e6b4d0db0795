/** Differences as lines for people: a mark, where, what, and how it would change. */
import type { FleetDifferenceItem, Refusal, ToldItem } from '@millrace/api/fleet';
import { printable } from '../framework/printable.ts';
import type { Terminal } from '../framework/terminal.ts';

const marks = { create: '+', change: '~', delete: '-' } as const;

export function differenceLines(differences: readonly FleetDifferenceItem[]): string[] {
  const places = differences.map(({ cluster }) => cluster ?? 'record');
  const widest = Math.max(0, ...places.map((place) => place.length));
  return differences.map((item, index) => {
    const place = (places[index] ?? '').padEnd(widest);
    const change = changeText(item);
    const loss = item.destructive && item.action === 'change' ? ' (records that are kept now may go)' : '';
    return printable(
      `${marks[item.action]} ${place}  ${item.kind} ${item.id}${change === '' ? '' : `  ${change}`}${loss}`,
    );
  });
}

/** What stands in the way and what nobody changes, on stderr. */
export function noteRest(terminal: Terminal, refused: readonly Refusal[], told: readonly ToldItem[]): void {
  for (const { text } of told) terminal.note(`note: ${printable(text)}`);
  for (const { subject, message } of refused) terminal.note(`refused: ${printable(`${subject} ${message}`)}`);
}

function changeText({ action, before, to }: FleetDifferenceItem): string {
  if (action === 'delete') return '';
  const [from, until] = [fieldsOf(action === 'create' ? {} : before), fieldsOf(to)];
  const names = [...new Set([...from.keys(), ...until.keys()])].filter((name) => from.get(name) !== until.get(name));
  return names
    .map((name) => {
      if (action === 'create') return `${name} ${until.get(name)}`;
      return `${name} ${from.get(name) ?? 'unset'} -> ${until.get(name) ?? 'unset'}`;
    })
    .join(', ');
}

/** Fields by their names, those of `configs` and `limits` by theirs, those of other members by both. */
function fieldsOf(value: unknown): Map<string, string> {
  const { name: _name, cluster: _cluster, configs, limits, ...rest } = Object(value) as Record<string, unknown>;
  return new Map([rest, configs, limits].flatMap((members) => flat(members, '')));
}

function flat(members: unknown, prefix: string): [name: string, text: string][] {
  return Object.entries(Object(members) as Record<string, unknown>).flatMap(([name, member]) => {
    if (member === undefined || member === null) return [];
    if (Array.isArray(member)) return [[`${prefix}${name}`, JSON.stringify(member, inOrder)]];
    if (typeof member === 'object') return flat(member, `${prefix}${name}.`);
    return [[`${prefix}${name}`, String(member)]];
  });
}

/** The same whatever order the members of an object have, which a database does not keep. */
function inOrder(_name: string, member: unknown): unknown {
  if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
  return Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1)));
}
