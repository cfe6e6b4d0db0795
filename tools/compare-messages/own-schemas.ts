/** Our schemas in the form that is compared. */
import type { Api } from '@millrace/wire';
import {
  type FieldShape,
  implicitDefault,
  intersection,
  type MessageShape,
  type Range,
  rangeOf,
} from './message-shape.ts';

type Fields = Api['request'];
type Field = Fields[string];

/** One of an API's two messages. */
export function ownMessage(api: Api, kind: 'request' | 'response'): MessageShape {
  const versions = rangeOf(api.versions);
  const flexible = intersection(rangeOf(api.flexible), versions);
  return { versions, flexible, fields: ownFields(api[kind], versions) };
}

function ownFields(fields: Fields, within: Range): FieldShape[] {
  return Object.entries(fields).map(([name, field]) => {
    const versions = intersection(rangeOf(field.versions ?? '0+'), within);
    const type = typeOf(field);
    return {
      name,
      type,
      versions,
      nullable: intersection(rangeOf(field.nullable), versions),
      tagged: intersection(rangeOf(field.tagged), versions),
      tag: field.tag,
      default: defaultOf(field, type),
      ignorable: field.ignorable === true,
      fields: ownFields(innerFields(field), versions),
    };
  });
}

function typeOf(field: Field): string {
  if (field.type !== 'array') return field.type;
  return typeof field.of === 'string' ? `[]${field.of}` : '[]struct';
}

function innerFields(field: Field): Fields {
  if (field.type === 'struct') return field.fields;
  return field.type === 'array' && typeof field.of !== 'string' ? field.of : {};
}

/** Infinity stands for the largest 64-bit integer. */
function defaultOf(field: Field, type: string): string {
  if (field.default === undefined) return implicitDefault(type);
  if (field.default === Number.POSITIVE_INFINITY) return (2n ** 63n - 1n).toString();
  return typeof field.default === 'string' ? `'${field.default}'` : String(field.default);
}
