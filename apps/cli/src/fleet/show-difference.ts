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
  const [from, until] = [flat(action === 'create' ? {} : before), flat(to)];
  const names = [...new Set([...from.keys(), ...until.keys()])].filter((name) => from.get(name) !== until.get(name));
  return names
    .map((name) => {
      if (action === 'create') return `${name} ${until.get(name)}`;
      return `${name} ${from.get(name) ?? 'unset'} -> ${until.get(name) ?? 'unset'}`;
    })
    .join(', ');
}

/** Fields by their names, those of `configs` by theirs. */
function flat(value: unknown): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [name, member] of Object.entries(Object(value) as Record<string, unknown>)) {
    if (member === undefined || member === null || name === 'name' || name === 'cluster') continue;
    const isGroup = (name === 'configs' || name === 'limits') && typeof member === 'object';
    if (isGroup) for (const [inner, text] of flat(member)) fields.set(inner, text);
    else fields.set(name, typeof member === 'object' ? JSON.stringify(member) : String(member));
  }
  return fields;
}
