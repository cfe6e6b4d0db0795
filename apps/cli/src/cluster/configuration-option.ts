/** `--config NAME=VALUE`. */
import { many } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';

export type Setting = readonly [name: string, value: string];

/** An option of any number of settings, in their order. */
export function settingsOption(help: string) {
  return many({ placeholder: 'NAME=VALUE', help }, parseSetting);
}

/** `NAME=VALUE`; the value may hold further equals signs and be empty. @throws UsageError */
export function parseSetting(text: string): Setting {
  const equals = text.indexOf('=');
  if (equals < 1) throw new UsageError(`'${text}' is not NAME=VALUE`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}
