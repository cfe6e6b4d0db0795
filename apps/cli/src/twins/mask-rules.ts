/** Rules for masking as a command gets them: short ones as options, all kinds of them in a file. */
import { readFile } from 'node:fs/promises';
import type { MaskRule } from '@millrace/api/fleet';
import { messageOf } from '@millrace/base';
import { UsageError } from '../framework/usage-error.ts';

export const maskForms =
  'PART=MASK, PART.FIELD=MASK or PART:/POINTER=MASK, with key, value or headers and keep, hash, redact or format';

const shape = /^(key|value|headers)(?:\.([^=]+)|:(\/[^=]*|))?=(keep|hash|redact|format)$/;

/** `value.email=hash`, `value:/card/number=format`, `key=hash`. @throws UsageError */
export function parseMask(text: string): MaskRule {
  const [, part, field, pointer, mask] = shape.exec(text) ?? [];
  if (part === undefined) throw new UsageError(`'${text}' is not of the form ${maskForms}`);
  return {
    part: part as MaskRule['part'],
    mask: mask as MaskRule['mask'],
    ...(field !== undefined && { field }),
    ...(pointer !== undefined && { pointer }),
  };
}

/** A list of rules, in JSON or YAML; what they may be is checked by the control plane. @throws UsageError */
export async function readMaskRules(path: string | undefined): Promise<MaskRule[]> {
  if (path === undefined) return [];
  const { parse } = await import('yaml');
  let rules: unknown;
  try {
    rules = parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`--rules: ${path} can't be read: ${messageOf(error)}`, { cause: error });
  }
  if (Array.isArray(rules)) return rules as MaskRule[];
  throw new UsageError(`--rules: ${path} holds no list of rules`);
}
