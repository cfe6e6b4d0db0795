/** Things named to be deleted, as people write them: `topic/east/orders`. */
import { type KindName, kindNames } from '@millrace/api/declared';
import { nearest } from '@millrace/base';
import { kindOfList } from '../fleet-lists.ts';

export interface NamedThing {
  readonly kind: KindName;
  readonly id: string;
}

/** The thing, or the sentence that says why it is none. */
export function parseNamedThing(text: string): NamedThing | { readonly problem: string } {
  const slash = text.indexOf('/');
  const word = slash === -1 ? text : text.slice(0, slash);
  const kind = kindNames.find((name) => name === word) ?? kindOfList(word);
  if (kind === undefined) {
    const meant = nearest(word, kindNames);
    const advice = meant === undefined ? `there are ${kindNames.join(', ')}` : `did you mean ${meant}?`;
    return { problem: `${JSON.stringify(word)} is no kind of thing that is declared; ${advice}` };
  }
  const id = slash === -1 ? '' : text.slice(slash + 1);
  if (id === '') return { problem: `${JSON.stringify(text)} names none: write ${kind}/ID` };
  return { kind, id };
}

export function nameOf(kind: KindName, id: string): string {
  return `${kind} ${id}`;
}

/** As it is written to name it. */
export function writtenNameOf({ kind, id }: NamedThing): string {
  return `${kind}/${id}`;
}
