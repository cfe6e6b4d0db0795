/** Headers as users write them, into the form that a batch takes. */
import type { HeaderInput } from '@millrace/wire';
import { InvalidOptionError } from '../errors.ts';
import type { HeadersInput } from '../producer.ts';

const none: readonly HeaderInput[] = Object.freeze([]);

/** In their order. Throws `InvalidOptionError` for values that are neither bytes nor text nor null. */
export function headerInputs(headers: HeadersInput | undefined): readonly HeaderInput[] {
  if (headers === undefined) return none;
  const inputs: HeaderInput[] = [];
  if (Array.isArray(headers)) {
    for (const [key, value] of headers as readonly (readonly [string, HeaderInput['value']])[]) {
      inputs.push(checked(key, value));
    }
    return inputs;
  }
  const named = headers as { readonly [key: string]: HeaderInput['value'] };
  for (const key of Object.keys(named)) inputs.push(checked(key, named[key] as HeaderInput['value']));
  return inputs;
}

function checked(key: string, value: HeaderInput['value']): HeaderInput {
  if (typeof key !== 'string') throw new InvalidOptionError('headers', `has a key that is no text: ${String(key)}`);
  if (typeof value === 'string' || value === null || value instanceof Uint8Array) return { key, value };
  throw new InvalidOptionError(`headers.${key}`, `must be bytes, text or null, but is ${typeof value}`);
}
