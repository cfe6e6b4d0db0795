/** Lists in pages: what a query says of them, and what one page is. */
import { type TArray, type TObject, type TSchema, type TString, type TUnion, Type } from 'typebox';

/** Fields of a list's query, beside its filters. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'Most on a page; default 100' })),
  cursor: Type.Optional(Type.String({ maxLength: 1_000, description: '`next` of the page before' })),
};

/** The answer of a list. */
export function pageOf<S extends TSchema>(
  item: S,
): TObject<{ items: TArray<S>; next: TUnion<[TString, ReturnType<typeof Type.Null>]> }> {
  const next = Type.Union([Type.String(), Type.Null()], { description: 'Where the next page begins; null: nowhere' });
  return Type.Object({ items: Type.Array(item), next });
}
