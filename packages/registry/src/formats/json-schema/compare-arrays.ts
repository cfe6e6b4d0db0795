/** What an array may hold: one schema for all items, or one for each of the first ones and another for the rest. */
import type { Incompatibility } from '../../schema.ts';
import { admitsAll, type Comparing, finding } from './comparison.ts';
import { isSchema, type JsonSchema, type SchemaObject } from './json-schema.ts';

export function compareArrays(
  comparing: Comparing,
  reader: SchemaObject,
  writer: SchemaObject,
  path: string,
): Incompatibility[] {
  const [ofReader, ofWriter] = [itemsOf(reader), itemsOf(writer)];
  const found: Incompatibility[] = [];
  const count = Math.max(ofReader.first.length, ofWriter.first.length);
  for (let index = 0; index < count; index++) {
    const at = `${path}/items/${index}`;
    const [mine, its] = [ofReader.first[index], ofWriter.first[index]];
    if (mine !== undefined && its !== undefined) found.push(...comparing.compare(mine, its, at));
    else if (mine !== undefined && comparing.compare(mine, ofWriter.rest, at).length > 0) {
      found.push(finding('ITEM_ADDED_TO_OPEN_CONTENT_MODEL', at));
    } else if (its !== undefined && comparing.compare(ofReader.rest, its, at).length > 0) {
      found.push(finding('ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL', at));
    }
  }
  if (admitsAll(comparing.readerSchema(ofReader.rest)) || ofWriter.rest === false) return found;
  return [...found, ...comparing.compare(ofReader.rest, ofWriter.rest, `${path}/items`)];
}

interface Items {
  readonly first: readonly JsonSchema[];
  readonly rest: JsonSchema;
}

/** Draft 2020-12 says it with `prefixItems` and `items`, those before with `items` and `additionalItems`. */
function itemsOf({ prefixItems, items, additionalItems }: SchemaObject): Items {
  if (Array.isArray(prefixItems)) return { first: prefixItems, rest: isSchema(items) ? items : true };
  if (Array.isArray(items)) return { first: items, rest: isSchema(additionalItems) ? additionalItems : true };
  return { first: [], rest: isSchema(items) ? items : true };
}
