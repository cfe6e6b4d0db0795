/**
 * Reads Kafka's message definitions (`common/message/*.json`, JSON with `//` comments) from a kafka-clients jar or from
 * the folder it was unpacked to.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@millrace/base';
import {
  type FieldShape,
  implicitDefault,
  intersection,
  type MessageShape,
  type Range,
  rangeOf,
} from './message-shape.ts';
import { readZip } from './zip.ts';

const FOLDER = 'common/message/';

/** The definitions are not where they were said to be, or are none. */
export class DefinitionsError extends Error {}

/** A request or response as Kafka defines it. */
export interface KafkaMessage extends MessageShape {
  readonly name: string;
  readonly kind: 'request' | 'response';
  readonly apiKey: number;
}

/** A definition as it lies in the file. */
interface Definition {
  readonly type: string;
  readonly name: string;
  readonly apiKey?: number;
  readonly validVersions: string;
  readonly flexibleVersions?: string;
  readonly latestVersionUnstable?: boolean;
  readonly fields?: readonly DefinedField[];
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly DefinedField[] }[];
}

interface DefinedField {
  readonly name: string;
  readonly type: string;
  readonly versions: string;
  readonly nullableVersions?: string;
  readonly taggedVersions?: string;
  readonly tag?: number;
  readonly default?: string | number | boolean;
  readonly ignorable?: boolean;
  readonly fields?: readonly DefinedField[];
}

/**
 * All requests and responses that have a stable version, by name (`FetchRequest`).
 *
 * @throws DefinitionsError when the path holds none
 */
export function readDefinitions(path: string): Map<string, KafkaMessage> {
  if (!existsSync(path)) throw new DefinitionsError(`There is no ${path}; give a kafka-clients jar, or its folder.`);
  const texts = statSync(path).isDirectory() ? readFolder(path) : readJar(path);
  const definitions = texts.map(([name, text]) => parseDefinition(name, text));
  // Only the request says that its last version is unstable, and it means both.
  const unstable = new Set(definitions.flatMap((each) => (each.latestVersionUnstable ? [each.apiKey] : [])));
  const messages = new Map<string, KafkaMessage>();
  for (const definition of definitions) {
    const { name, type, apiKey } = definition;
    if ((type !== 'request' && type !== 'response') || apiKey === undefined) continue;
    const shape = shapeOf(definition, unstable.has(apiKey));
    if (shape.versions !== undefined) messages.set(name, { name, kind: type, apiKey, ...shape });
  }
  if (messages.size === 0) throw new DefinitionsError(`${path} holds no message definitions (${FOLDER}*.json).`);
  return messages;
}

function readFolder(path: string): [name: string, text: string][] {
  const inner = join(path, FOLDER);
  const folder = existsSync(inner) ? inner : path;
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
}

function readJar(path: string): [name: string, text: string][] {
  const wanted = (name: string): boolean => name.startsWith(FOLDER) && name.endsWith('.json');
  try {
    return readZip(readFileSync(path), wanted).map(([name, bytes]) => [name, bytes.toString('utf8')]);
  } catch (error) {
    throw new DefinitionsError(`${path} can't be read as a jar: ${messageOf(error)}`);
  }
}

function parseDefinition(name: string, text: string): Definition {
  // A comment runs to the end of its line, unless its slashes lie in a string.
  const bare = text.replace(/"(?:[^"\\]|\\.)*"|\/\/.*/g, (found) => (found.startsWith('"') ? found : ''));
  try {
    return JSON.parse(bare);
  } catch (error) {
    throw new DefinitionsError(`${name} is no message definition: ${messageOf(error)}`);
  }
}

function shapeOf(definition: Definition, lastIsUnstable: boolean): MessageShape {
  const valid = rangeOf(definition.validVersions);
  const versions = lastIsUnstable && valid !== undefined ? intersection(valid, [0, valid[1] - 1]) : valid;
  const flexible = intersection(rangeOf(definition.flexibleVersions), versions);
  const structs = new Map(definition.commonStructs?.map(({ name, fields }) => [name, fields]));
  const fields = (defined: readonly DefinedField[], within: Range): FieldShape[] =>
    defined.map((field) => {
      const of = field.type.replace(/^\[\]/, '');
      const inner = field.fields ?? structs.get(of);
      const type = inner === undefined ? field.type : field.type.startsWith('[]') ? '[]struct' : 'struct';
      const own = intersection(rangeOf(field.versions), within);
      return {
        name: `${field.name.charAt(0).toLowerCase()}${field.name.slice(1)}`,
        type,
        versions: own,
        nullable: intersection(rangeOf(field.nullableVersions), own),
        tagged: intersection(rangeOf(field.taggedVersions), own),
        tag: field.tag,
        default: defaultOf(field, type),
        ignorable: field.ignorable === true,
        fields: fields(inner ?? [], own),
      };
    });
  return { versions, flexible, fields: fields(definition.fields ?? [], versions) };
}

function defaultOf(field: DefinedField, type: string): string {
  if (field.default === undefined) return implicitDefault(type);
  const text = String(field.default);
  if (text === 'null') return text;
  if (type === 'string' || type === 'bytes') return `'${text}'`;
  if (type === 'bool') return text.toLowerCase();
  return /^-?(?:0x[0-9a-f]+|\d+)$/i.test(text) ? BigInt(text).toString() : text;
}
