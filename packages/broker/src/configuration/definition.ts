/** What a configuration name means: its type, default, bounds and documentation, and how its text is read. */
import { MillraceError } from '@millrace/base';

export type ConfigurationType = 'boolean' | 'int' | 'long' | 'double' | 'string' | 'list' | 'password';

/** One configuration name. Defaults and values are text, as on the wire. */
export interface Definition {
  readonly name: string;
  readonly type: ConfigurationType;
  readonly default: string;
  readonly documentation: string;
  /** Smallest number allowed. */
  readonly min?: number;
  readonly max?: number;
  /** The only texts allowed; of a list, the only elements. */
  readonly oneOf?: readonly string[];
  /** What each element of a list must look like. */
  readonly elements?: RegExp;
  /** Where a topic's value comes from when the topic sets none: the broker's name for it. */
  readonly brokerName?: string;
  /** Whether it may be changed while the broker runs. */
  readonly dynamic?: boolean;
}

/** A configuration name that does not exist, or a value that is not allowed. */
export class ConfigurationError extends MillraceError {
  readonly code = 'invalid_configuration';
  readonly configurationName: string;

  constructor(configurationName: string, message: string) {
    super(message);
    this.configurationName = configurationName;
  }
}

/** Throws `ConfigurationError` unless `text` is an allowed value. */
export function checkValue(definition: Definition, text: string): void {
  const { name, type } = definition;
  const refuse = (reason: string): never => {
    throw new ConfigurationError(name, `Invalid value ${text} for configuration ${name}: ${reason}`);
  };
  if (type === 'password') return;
  if (type === 'boolean') {
    if (text !== 'true' && text !== 'false') refuse('must be true or false');
  } else if (type === 'string') {
    if (definition.oneOf && !definition.oneOf.includes(text)) refuse(`must be one of ${definition.oneOf.join(', ')}`);
  } else if (type === 'list') {
    const elements = listOf(text);
    const foreign = elements.find((element) => definition.oneOf && !definition.oneOf.includes(element));
    if (foreign !== undefined) refuse(`each must be one of ${definition.oneOf?.join(', ')}`);
    const odd = elements.find((element) => definition.elements && !definition.elements.test(element));
    if (odd !== undefined) refuse(`${odd} is not of the form ${definition.elements?.source}`);
  } else checkNumber(definition, text, refuse);
}

/** The elements of a list's text. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '');
}

function checkNumber(definition: Definition, text: string, refuse: (reason: string) => never): void {
  const pattern = definition.type === 'double' ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
  if (!pattern.test(text)) refuse(`Not a number of type ${definition.type.toUpperCase()}`);
  const value = Number(text);
  const typeMax = definition.type === 'int' ? 2 ** 31 - 1 : 2 ** 63;
  const max = definition.max ?? typeMax;
  if (value > max) refuse(`must be at most ${max}`);
  if (definition.min !== undefined && value < definition.min) refuse(`must be at least ${definition.min}`);
}
