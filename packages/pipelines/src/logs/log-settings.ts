/** The file by which a platform's logs are set: what is masked, how long lines are kept. YAML, so JSON too. */
import { readFile } from 'node:fs/promises';
import { compileChecker } from '@millrace/api';
import { MillraceError, messageOf } from '@millrace/base';
import { type Static, Type } from 'typebox';
import { parse } from 'yaml';
import { MaskRules } from './masking/mask-rule.ts';
import { Masker } from './masking/masker.ts';
import type { LogsOptions } from './start-logs.ts';

const closed = { additionalProperties: false } as const;

const LogSettings = Type.Object(
  {
    mask: Type.Optional(MaskRules),
    retention: Type.Optional(
      Type.Object(
        {
          days: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 36_500 })),
          gigabytes: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 })),
        },
        closed,
      ),
    ),
  },
  closed,
);

/** The file can't be read, or says what can't be. */
export class LogSettingsError extends MillraceError {
  readonly code = 'log_settings_invalid';
  readonly file: string;

  constructor(file: string, problem: string, cause?: unknown) {
    super(`the settings of logs in ${file} can't be used: ${problem}`, { cause });
    this.file = file;
  }
}

/** Rejects with `LogSettingsError`, or `MaskRulesError` for a pattern that is none. */
export async function readLogSettings(file: string): Promise<Pick<LogsOptions, 'masker' | 'retentionMs' | 'bytesMax'>> {
  const { mask, retention: { days, gigabytes } = {} } = await checked(file);
  return {
    masker: new Masker(mask),
    ...(days !== undefined && { retentionMs: days * 86_400_000 }),
    ...(gigabytes !== undefined && { bytesMax: gigabytes * 2 ** 30 }),
  };
}

async function checked(file: string): Promise<Static<typeof LogSettings>> {
  let value: unknown;
  try {
    value = parse(await readFile(file, 'utf8')) ?? {};
  } catch (error) {
    throw new LogSettingsError(file, messageOf(error), error);
  }
  const checker = compileChecker(LogSettings);
  if (checker.check(value)) return value;
  const issues = checker.issues(value).map(({ field, message }) => `${field.slice(1) || 'it'} ${message}`);
  throw new LogSettingsError(file, issues.join('; '));
}
