/**
 * Turns a schema at one version into a decoder and an encoder in JavaScript: the only place that generates code. What
 * goes into the code is names, numbers and defaults of our own schemas, never anything from outside. Each function
 * carries a `sourceURL`, so profiles and stacks name it (`millrace-wire/HeartbeatRequest.v4.decode`).
 */
import type { Field, Fields } from '../schema.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { unsupportedField, unsupportedNull } from './interpret.ts';
import { bytesMinOf, isDefault, layoutOf, readMethod, type Slot, writeMethod } from './layout.ts';

type Decode = (reader: ByteReader) => Record<string, unknown>;
type Encode = (writer: ByteWriter, struct: Record<string, unknown>) => void;

/** The decoder of `fields` at `version`; `name` is for profiles. */
export function compileDecode(fields: Fields, version: number, flexible: boolean, name: string): Decode {
  const program = new Program(version, flexible, false);
  const entry = program.decoder(fields);
  return program.link(entry, `${name}.v${version}.decode`, {}) as Decode;
}

/** The encoder of `fields` at `version`; `strict` as in `interpretEncode`, `name` is for profiles. */
export function compileEncode(
  fields: Fields,
  version: number,
  flexible: boolean,
  strict: boolean,
  name: string,
): Encode {
  const program = new Program(version, flexible, strict);
  const entry = program.encoder(fields);
  const runtime = { fields: program.fields, isDefault, unsupportedField, unsupportedNull };
  return program.link(entry, `${name}.v${version}.encode`, runtime) as Encode;
}

/** The functions generated for one message: one for each struct in it. */
class Program {
  /** Schemas of fields whose default is no plain constant, by the index that the code uses. */
  readonly fields: Field[] = [];
  readonly #version: number;
  readonly #flexible: boolean;
  readonly #strict: boolean;
  readonly #functions: string[] = [];

  constructor(version: number, flexible: boolean, strict: boolean) {
    this.#version = version;
    this.#flexible = flexible;
    this.#strict = strict;
  }

  link(entry: string, name: string, runtime: Record<string, unknown>): unknown {
    const functions = this.#functions.join('\n');
    const source = `"use strict";\n${functions}\nreturn ${entry};\n//# sourceURL=millrace-wire/${name}`;
    return new Function(...Object.keys(runtime), source)(...Object.values(runtime));
  }

  decoder(fields: Fields): string {
    const slots = layoutOf(fields, this.#version, this.#flexible);
    const lines: string[] = [];
    slots.forEach((slot, index) => {
      const read = slot.place === 'plain' ? this.#readExpression(slot) : defaultExpression(slot.field);
      lines.push(`${slot.place === 'tagged' ? 'let' : 'const'} f${index} = ${read};`);
    });
    if (this.#flexible) lines.push(this.#readTags(slots));
    lines.push(`return { ${slots.map((slot, index) => `${slot.name}: f${index}`).join(', ')} };`);
    return this.#define('decode', 'r', lines);
  }

  encoder(fields: Fields): string {
    const slots = layoutOf(fields, this.#version, this.#flexible);
    const lines: string[] = [];
    for (const slot of slots) {
      if (slot.place === 'plain') {
        const value = `m.${slot.name}`;
        lines.push(`{ const v = ${value} === undefined ? ${defaultExpression(slot.field)} : ${value};`);
        lines.push(`${this.#writeStatement(slot)} }`);
      } else if (slot.place === 'absent' && this.#strict && !slot.field.ignorable) {
        const refusal = `throw unsupportedField(${JSON.stringify(slot.name)}, ${this.#version})`;
        lines.push(`if (m.${slot.name} !== undefined && !${this.#isDefault(slot)}) ${refusal};`);
      }
    }
    if (this.#flexible) lines.push(this.#writeTags(slots.filter((slot) => slot.place === 'tagged')));
    return this.#define('encode', 'w, m', lines);
  }

  #define(kind: string, parameters: string, lines: readonly string[]): string {
    const name = `${kind}${this.#functions.length}`;
    this.#functions.push(`function ${name}(${parameters}) {\n${lines.join('\n')}\n}`);
    return name;
  }

  #readExpression(slot: Slot): string {
    const { field, nullable, compact } = slot;
    if (field.type === 'struct') {
      const struct = `${this.decoder(field.fields)}(r)`;
      return nullable ? `r.int8() < 0 ? null : ${struct}` : struct;
    }
    if (field.type !== 'array') return `r.${readMethod(field.type, nullable, compact)}()`;
    const element =
      typeof field.of === 'string'
        ? `r.${readMethod(field.of, false, this.#flexible)}()`
        : `${this.decoder(field.of)}(r)`;
    const nullName = compact ? 'compactNullableArrayLength' : 'nullableArrayLength';
    const plainName = compact ? 'compactArrayLength' : 'arrayLength';
    const length = `r.${nullable ? nullName : plainName}(${bytesMinOf(field.of, this.#version, this.#flexible)})`;
    const loop = `const a = new Array(n); for (let i = 0; i < n; i++) a[i] = ${element}; return a;`;
    return `${this.#define('elements', 'r', [`const n = ${length}; if (n < 0) return null; ${loop}`])}(r)`;
  }

  #readTags(slots: readonly Slot[]): string {
    const known = slots.flatMap((slot, index) => (slot.place === 'tagged' ? [{ slot, index }] : []));
    if (known.length === 0) return 'r.skipTags();';
    const cases = known.map(
      ({ slot, index }) => `case ${slot.field.tag}: f${index} = ${this.#readExpression(slot)}; break;`,
    );
    return `for (let left = r.tagCount(); left > 0; left--) {
const tag = r.uvarint(); const length = r.uvarint(); const end = r.position + length;
switch (tag) { ${cases.join('\n')} default: r.skip(length); }
r.expectPosition(end); }`;
  }

  #writeStatement(slot: Slot, writer = 'w'): string {
    const { field, nullable, compact } = slot;
    const nullCheck = `if (v === null) throw unsupportedNull(${JSON.stringify(slot.name)}, ${this.#version});`;
    const guard = nullable ? '' : nullCheck;
    if (field.type === 'struct') {
      const call = `${this.encoder(field.fields)}(${writer}, v);`;
      return nullable ? `if (v === null) ${writer}.int8(-1); else { ${writer}.int8(1); ${call} }` : `${guard} ${call}`;
    }
    if (field.type !== 'array') {
      return `${guard} ${writer}.${writeMethod(field.type, nullable, compact)}(v);`;
    }
    const element =
      typeof field.of === 'string'
        ? `${writer}.${writeMethod(field.of, false, this.#flexible)}(v[i]);`
        : `${this.encoder(field.of)}(${writer}, v[i]);`;
    const length = compact ? `${writer}.uvarint(v.length + 1);` : `${writer}.int32(v.length);`;
    const none = compact ? `${writer}.uvarint(0);` : `${writer}.int32(-1);`;
    const some = `${length} for (let i = 0; i < v.length; i++) { ${element} }`;
    return nullable ? `if (v === null) { ${none} } else { ${some} }` : `${guard} ${some}`;
  }

  #writeTags(tagged: readonly Slot[]): string {
    if (tagged.length === 0) return 'w.uvarint(0);';
    const byTag = [...tagged].sort((left, right) => (left.field.tag as number) - (right.field.tag as number));
    const flags = byTag.map(
      (slot, index) => `const has${index} = m.${slot.name} !== undefined && !${this.#isDefault(slot)};`,
    );
    const count = byTag.map((_, index) => `(has${index} ? 1 : 0)`).join(' + ');
    const writes = byTag.map((slot, index) => {
      const body = `const v = m.${slot.name}; ${this.#writeStatement(slot, 't')}`;
      return `if (has${index}) w.tagged(${slot.field.tag}, (t) => { ${body} });`;
    });
    return `${flags.join('\n')}\nw.uvarint(${count});\n${writes.join('\n')}`;
  }

  #isDefault(slot: Slot): string {
    this.fields.push(slot.field);
    return `isDefault(fields[${this.fields.length - 1}], m.${slot.name})`;
  }
}

function defaultExpression(field: Field): string {
  if (typeof field.default === 'number') return String(field.default);
  if (field.default !== undefined) return JSON.stringify(field.default);
  switch (field.type) {
    case 'array':
      return '[]';
    case 'struct':
      return `{ ${Object.entries(field.fields)
        .map(([name, inner]) => `${name}: ${defaultExpression(inner)}`)
        .join(', ')} }`;
    case 'bool':
      return 'false';
    case 'string':
      return "''";
    case 'uuid':
      return "'AAAAAAAAAAAAAAAAAAAAAA'";
    case 'bytes':
    case 'records':
      return 'new Uint8Array(0)';
    default:
      return '0';
  }
}
