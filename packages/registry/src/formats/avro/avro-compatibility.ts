/**
 * Whether data written with one Avro schema can be read with another (Avro 1.12 specification, "Schema Resolution").
 * Kinds of findings have the names that Apache Avro gives them.
 */
import type { Incompatibility } from '../../schema.ts';
import type { AvroEnum, AvroField, AvroFixed, AvroNamed, AvroRecord, AvroType } from './avro-type.ts';
import { isNamed, shortName } from './avro-type.ts';

type Path = readonly (string | number)[];

/** What a type may be read from besides itself. */
const promotions: Readonly<Record<string, readonly string[]>> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  bytes: ['string'],
  string: ['bytes'],
};

/** Everything that stands in the way; empty when all data can be read. */
export function avroIncompatibilities(reader: AvroType, writer: AvroType): Incompatibility[] {
  return new Comparison().compare(reader, writer, []);
}

class Comparison {
  /** What was found of each pair of named types; nothing while it is being compared, for a type may hold itself. */
  readonly #found = new Map<AvroNamed, Map<AvroNamed, Incompatibility[]>>();

  compare(reader: AvroType, writer: AvroType, path: Path): Incompatibility[] {
    if (!isNamed(reader) || !isNamed(writer)) return this.#compare(reader, writer, path);
    const ofReader = this.#found.get(reader) ?? new Map<AvroNamed, Incompatibility[]>();
    this.#found.set(reader, ofReader);
    const known = ofReader.get(writer);
    if (known !== undefined) return known;
    ofReader.set(writer, []);
    const found = this.#compare(reader, writer, path);
    ofReader.set(writer, found);
    return found;
  }

  #compare(reader: AvroType, writer: AvroType, path: Path): Incompatibility[] {
    if (writer.kind === 'union') return this.#fromUnion(reader, writer.branches, path);
    if (reader.kind === 'union') return this.#intoUnion(reader.branches, writer, path);
    if (reader.kind === 'array' && writer.kind === 'array') {
      return this.compare(reader.items, writer.items, [...path, 'items']);
    }
    if (reader.kind === 'map' && writer.kind === 'map') {
      return this.compare(reader.values, writer.values, [...path, 'values']);
    }
    if (isNamed(reader) && isNamed(writer) && reader.kind === writer.kind) return this.#named(reader, writer, path);
    if (reader.kind === writer.kind || promotions[reader.kind]?.includes(writer.kind) === true) return [];
    return [typeMismatch(path)];
  }

  #fromUnion(reader: AvroType, branches: readonly AvroType[], path: Path): Incompatibility[] {
    return branches.flatMap((branch, index) => {
      const found = this.compare(reader, branch, [...path, index]);
      if (found.length === 0 || reader.kind === 'union') return found;
      return [missingBranch([...path, index])];
    });
  }

  #intoUnion(branches: readonly AvroType[], writer: AvroType, path: Path): Incompatibility[] {
    const isRead = branches.some((branch) => this.compare(branch, writer, path).length === 0);
    return isRead ? [] : [missingBranch(path)];
  }

  #named(reader: AvroNamed, writer: AvroNamed, path: Path): Incompatibility[] {
    const found: Incompatibility[] = [];
    const isSame = shortName(reader.fullName) === shortName(writer.fullName);
    if (!isSame && reader.aliases?.includes(writer.fullName) !== true) {
      found.push({
        errorType: 'NAME_MISMATCH',
        describe: () => `The name of the schema has changed (path '${pointer([...path, 'name'])}')`,
      });
    }
    if (reader.kind === 'fixed') found.push(...fixedSize(reader, writer as AvroFixed, path));
    else if (reader.kind === 'enum') found.push(...enumSymbols(reader, writer as AvroEnum, path));
    else found.push(...this.#fields(reader, writer as AvroRecord, path));
    return found;
  }

  #fields(reader: AvroRecord, writer: AvroRecord, path: Path): Incompatibility[] {
    return reader.fields.flatMap((field, index) => {
      const place = [...path, 'fields', index];
      const written = writtenField(field, writer);
      if (written !== undefined) return this.compare(field.type, written.type, [...place, 'type']);
      if (field.hasDefault || (field.type.kind === 'enum' && field.type.default !== undefined)) return [];
      return [
        {
          errorType: 'READER_FIELD_MISSING_DEFAULT_VALUE',
          describe: (one, other) =>
            `The field '${field.name}' at path '${pointer(place)}' in the ${one} schema has no default value and is ` +
            `missing in the ${other} schema`,
        },
      ];
    });
  }
}

function writtenField(field: AvroField, writer: AvroRecord): AvroField | undefined {
  return (
    writer.fields.find(({ name }) => name === field.name) ??
    writer.fields.find(({ name }) => field.aliases?.includes(name))
  );
}

function fixedSize(reader: AvroFixed, writer: AvroFixed, path: Path): Incompatibility[] {
  if (reader.size === writer.size) return [];
  const at = pointer([...path, 'size']);
  return [
    {
      errorType: 'FIXED_SIZE_MISMATCH',
      describe: (one, other) =>
        `The size of FIXED type field at path '${at}' in the ${one} schema does not match with the ${other} schema`,
    },
  ];
}

function enumSymbols(reader: AvroEnum, writer: AvroEnum, path: Path): Incompatibility[] {
  const missing = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol));
  if (missing.length === 0 || reader.default !== undefined) return [];
  const at = pointer([...path, 'symbols']);
  return [
    {
      errorType: 'MISSING_ENUM_SYMBOLS',
      describe: (one, other) =>
        `The ${one} schema is missing enum symbols '[${missing.join(', ')}]' at path '${at}' in the ${other} schema`,
    },
  ];
}

function typeMismatch(path: Path): Incompatibility {
  return {
    errorType: 'TYPE_MISMATCH',
    describe: (one, other) =>
      `The type (path '${pointer(path)}') of a field in the ${one} schema does not match with the ${other} schema`,
  };
}

function missingBranch(path: Path): Incompatibility {
  return {
    errorType: 'MISSING_UNION_BRANCH',
    describe: (one, other) =>
      `The ${one} schema is missing a type inside a union field at path '${pointer(path)}' in the ${other} schema`,
  };
}

function pointer(path: Path): string {
  return `/${path.join('/')}`;
}
