/**
 * The values that frozen messages hold, as JSON: uuids as text, byte strings in base64. The same schema gives the same.
 */
import { type Api, hasVersion } from '@millrace/wire';

type Fields = Api['request'];
type Field = Fields[string];

/** A frozen value differs from its default. */
const trueByDefault: ReadonlySet<string> = new Set(['allowAutoTopicCreation', 'allowReplicationFactorChange']);

export interface Values {
  readonly [name: string]: unknown;
}

/**
 * A message in which every field of that version holds something other than its default. Arrays have two elements, the
 * second of which holds null wherever it may.
 */
export function valuesFor(fields: Fields, version: number): Values {
  let count = 0;
  return struct(fields, false);

  function struct(of: Fields, nulls: boolean): Values {
    const present = Object.entries(of).filter(([, field]) => hasVersion(field.versions ?? '0+', version));
    return Object.fromEntries(present.map(([name, field]) => [name, value(name, field, nulls)]));
  }

  function value(name: string, field: Field, nulls: boolean): unknown {
    if (nulls && field.default !== null && hasVersion(field.nullable, version)) return null;
    if (field.type === 'struct') return struct(field.fields, nulls);
    if (field.type !== 'array') return primitive(field.type, name);
    const { of } = field;
    if (typeof of === 'string') return [primitive(of, name), primitive(of, name)];
    return [struct(of, false), struct(of, true)];
  }

  function primitive(type: Field['type'], name: string): unknown {
    count++;
    switch (type) {
      case 'bool':
        return !trueByDefault.has(name);
      case 'int8':
        return 1 + (count % 127);
      case 'int16':
        return 1000 + count;
      case 'uint16':
        return 40_000 + count;
      case 'int32':
        return -100_000 - count;
      case 'uint32':
        return 3_000_000_000 + count;
      case 'int64':
        return [2 ** 40 + count, -(2 ** 33) - count, 2 ** 53 - 1 - count][count % 3];
      case 'float64':
        return count + 0.5;
      case 'uuid':
        return Buffer.alloc(16, `uuid ${count}`).toString('base64url');
      case 'string':
        return `${name} ${count}${['', ' é', ' €', ' 😀'][count % 4]}`;
      default:
        return Buffer.from(`${name} ${count}`).toString('base64');
    }
  }
}

/** A message with one element in every array of structs, and nothing else said: what is written shows the defaults. */
export function emptyValues(fields: Fields, version: number): Values {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]): [string, unknown][] => {
      // Kafka's classes leave records null; here they must be given.
      if (field.type === 'records') return [[name, null]];
      const isFilled = field.type === 'array' && typeof field.of !== 'string';
      if (!isFilled || !hasVersion(field.versions ?? '0+', version)) return [];
      return [[name, [emptyValues(field.of as Fields, version)]]];
    }),
  );
}

/** A message whose own fields are null where they may. */
export function nullValues(fields: Fields, version: number): Values {
  const nullable = Object.entries(fields).filter(([, field]) => hasVersion(field.nullable, version));
  return Object.fromEntries(nullable.map(([name]) => [name, null]));
}
