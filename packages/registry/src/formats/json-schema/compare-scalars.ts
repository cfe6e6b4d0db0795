/** Bounds and patterns: of strings, of numbers, and of how much an array or an object holds. */
import type { Incompatibility } from '../../schema.ts';
import { finding } from './comparison.ts';
import type { SchemaObject } from './json-schema.ts';

const uppers = [
  ['maxLength', 'MAX_LENGTH'],
  ['maximum', 'MAXIMUM'],
  ['exclusiveMaximum', 'EXCLUSIVE_MAXIMUM'],
  ['maxItems', 'MAX_ITEMS'],
  ['maxProperties', 'MAX_PROPERTIES'],
] as const;
const lowers = [
  ['minLength', 'MIN_LENGTH'],
  ['minimum', 'MINIMUM'],
  ['exclusiveMinimum', 'EXCLUSIVE_MINIMUM'],
  ['minItems', 'MIN_ITEMS'],
  ['minProperties', 'MIN_PROPERTIES'],
] as const;

export function compareScalars(reader: SchemaObject, writer: SchemaObject, path: string): Incompatibility[] {
  const found: Incompatibility[] = [];
  const at = (keyword: string): string => `${path}/${keyword}`;
  for (const [keyword, name] of uppers) {
    const [ofReader, ofWriter] = [reader[keyword], writer[keyword]];
    if (ofReader === undefined || ofReader === false || ofReader === ofWriter) continue;
    if (typeof ofReader !== 'number' || typeof ofWriter !== 'number') found.push(finding(`${name}_ADDED`, at(keyword)));
    else if (ofReader < ofWriter) found.push(finding(`${name}_DECREASED`, at(keyword)));
  }
  for (const [keyword, name] of lowers) {
    const [ofReader, ofWriter] = [reader[keyword], writer[keyword]];
    if (ofReader === undefined || ofReader === false || ofReader === ofWriter) continue;
    const isCount = keyword.length > 'minimum'.length && !keyword.startsWith('exclusive');
    // A count is never less than nothing: a bound of 0 bounds nothing.
    if (isCount && ofReader === 0) continue;
    if (typeof ofReader !== 'number' || typeof ofWriter !== 'number') found.push(finding(`${name}_ADDED`, at(keyword)));
    else if (ofReader > ofWriter) found.push(finding(`${name}_INCREASED`, at(keyword)));
  }
  if (reader['pattern'] !== undefined && reader['pattern'] !== writer['pattern']) {
    found.push(finding(writer['pattern'] === undefined ? 'PATTERN_ADDED' : 'PATTERN_CHANGED', at('pattern')));
  }
  if (reader['uniqueItems'] === true && writer['uniqueItems'] !== true) {
    found.push(finding('UNIQUE_ITEMS_ADDED', at('uniqueItems')));
  }
  return [...found, ...compareMultiples(reader['multipleOf'], writer['multipleOf'], at('multipleOf'))];
}

function compareMultiples(reader: unknown, writer: unknown, path: string): Incompatibility[] {
  if (typeof reader !== 'number') return [];
  if (typeof writer !== 'number') return [finding('MULTIPLE_OF_ADDED', path)];
  if (writer % reader === 0) return [];
  return [finding(reader % writer === 0 ? 'MULTIPLE_OF_EXPANDED' : 'MULTIPLE_OF_CHANGED', path)];
}
