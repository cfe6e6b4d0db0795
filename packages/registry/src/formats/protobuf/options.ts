/**
 * Options in `.proto` text. Those that descriptors have fields for are set there; all others, custom ones among them,
 * are kept uninterpreted, name and value as they were written.
 */
import { create, type DescMessage, isFieldSet, type Message, ScalarType } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import {
  type UninterpretedOption,
  UninterpretedOption_NamePartSchema,
  UninterpretedOptionSchema,
} from '@bufbuild/protobuf/wkt';
import type { TokenReader } from './tokens.ts';

/** A written option: its name, and its value as text and as a constant. */
export interface WrittenOption {
  readonly name: readonly { readonly part: string; readonly isExtension: boolean }[];
  readonly kind: 'word' | 'number' | 'text' | 'aggregate';
  readonly value: string;
}

/** `name = value`, after the word `option` or within brackets. */
export function readOption(tokens: TokenReader): WrittenOption {
  const name: { part: string; isExtension: boolean }[] = [];
  do {
    if (tokens.takeIf('(')) {
      name.push({ part: tokens.fullName('the name of an option'), isExtension: true });
      tokens.expect(')');
    } else {
      name.push({ part: tokens.word('the name of an option'), isExtension: false });
    }
  } while (tokens.takeIf('.'));
  tokens.expect('=');
  return { name, ...readConstant(tokens) };
}

/** `[a = 1, (b) = "c"]`, if there is one. */
export function readOptionList(tokens: TokenReader): WrittenOption[] {
  const options: WrittenOption[] = [];
  if (!tokens.takeIf('[')) return options;
  do options.push(readOption(tokens));
  while (tokens.takeIf(','));
  tokens.expect(']');
  return options;
}

function readConstant(tokens: TokenReader): Pick<WrittenOption, 'kind' | 'value'> {
  if (tokens.next.kind === 'text') return { kind: 'text', value: tokens.text('a text') };
  if (tokens.takeIf('{')) return { kind: 'aggregate', value: readAggregate(tokens) };
  const sign = tokens.takeIf('-') ? '-' : '';
  tokens.takeIf('+');
  if (tokens.next.kind === 'number') return { kind: 'number', value: sign + tokens.take().text };
  return { kind: sign === '' ? 'word' : 'number', value: sign + tokens.fullName('a value') };
}

/** What stands between braces, token by token. */
function readAggregate(tokens: TokenReader): string {
  const words: string[] = [];
  for (let depth = 1; ; ) {
    if (tokens.next.kind === 'end') throw tokens.unexpected('"}"');
    const { kind, text } = tokens.take();
    if (kind === 'symbol' && text === '{') depth++;
    if (kind === 'symbol' && text === '}' && --depth === 0) return words.join(' ');
    words.push(kind === 'text' ? JSON.stringify(text) : text);
  }
}

type OptionsMessage = Message & { uninterpretedOption: UninterpretedOption[] };

/** A message of options from what was written; undefined when nothing was. */
export function optionsOf<Options extends OptionsMessage>(
  schema: DescMessage,
  written: readonly WrittenOption[],
): Options | undefined {
  if (written.length === 0) return undefined;
  const message = create(schema) as Options;
  const reflected = reflect(schema, message);
  for (const option of written) {
    const [first] = option.name;
    const field = schema.fields.find(({ name }) => option.name.length === 1 && name === first?.part);
    const isKnown = first?.isExtension === false && field !== undefined;
    const value = isKnown ? constantFor(field, option) : undefined;
    if (isKnown && value !== undefined) reflected.set(field, value);
    else message.uninterpretedOption.push(uninterpreted(option));
  }
  return message;
}

function constantFor(field: DescMessage['fields'][number], { kind, value }: WrittenOption): unknown {
  if (field.fieldKind === 'enum')
    return field.enum.values.find(({ name }) => kind === 'word' && name === value)?.number;
  if (field.fieldKind !== 'scalar') return undefined;
  if (field.scalar === ScalarType.BOOL)
    return kind === 'word' && /^(?:true|false)$/.test(value) ? value === 'true' : undefined;
  return field.scalar === ScalarType.STRING && kind === 'text' ? value : undefined;
}

function uninterpreted({ name, kind, value }: WrittenOption): UninterpretedOption {
  return create(UninterpretedOptionSchema, {
    name: name.map(({ part, isExtension }) =>
      create(UninterpretedOption_NamePartSchema, { namePart: part, isExtension }),
    ),
    ...(kind === 'text' && { stringValue: new TextEncoder().encode(value) }),
    ...(kind === 'aggregate' && { aggregateValue: value }),
    // Numbers are kept as they were written: a descriptor's would change their text.
    ...((kind === 'word' || kind === 'number') && { identifierValue: value }),
  });
}

/** `name = value` of everything that is set, in the order of the descriptor's fields. */
export function writtenOptions(schema: DescMessage, message: Message | undefined): string[] {
  if (message === undefined) return [];
  const written: string[] = [];
  const reflected = reflect(schema, message);
  for (const field of schema.fields) {
    if (field.name === 'uninterpreted_option' || field.name === 'map_entry' || !isFieldSet(message, field)) continue;
    if (field.fieldKind === 'enum') {
      const number = reflected.get(field);
      written.push(
        `${field.name} = ${field.enum.values.find((value) => value.number === number)?.name ?? String(number)}`,
      );
    } else if (field.fieldKind === 'scalar') {
      const value = reflected.get(field);
      written.push(`${field.name} = ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`);
    }
  }
  const rest = (message as OptionsMessage).uninterpretedOption.map((option) => {
    const name = option.name.map(({ namePart, isExtension }) => (isExtension ? `(${namePart})` : namePart)).join('.');
    return `${name} = ${valueText(option)}`;
  });
  return [...written, ...rest.sort()];
}

function valueText({ stringValue, aggregateValue, identifierValue }: UninterpretedOption): string {
  if (identifierValue !== '') return identifierValue;
  if (aggregateValue !== '') return `{ ${aggregateValue} }`;
  return JSON.stringify(new TextDecoder().decode(stringValue));
}
