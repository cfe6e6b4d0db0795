/**
 * The file that configures access: who logs in with which provider, what its groups may do, who administers. It is
 * written by whoever runs the control plane, and holds no secrets but references to them.
 */
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { compileChecker } from '@millrace/api';
import { MillraceError, messageOf } from '@millrace/base';
import { type Static, Type } from 'typebox';
import { parse } from 'yaml';
import { type Environment, parseReference, resolveReferences } from '../client-configuration/references.ts';
import type { AccessSettings } from './access.ts';

const closed = { additionalProperties: false } as const;
const Text = Type.String({ minLength: 1 });

const AccessFile = Type.Object(
  {
    publicUrl: Type.Optional(Type.String({ pattern: '^https?://[^/]+/?$' })),
    trustedProxies: Type.Optional(Type.Array(Text)),
    admins: Type.Optional(Type.Array(Text)),
    oidc: Type.Optional(
      Type.Object(
        {
          issuer: Type.String({ pattern: '^https?://' }),
          clientId: Text,
          clientSecret: Type.Optional(Text),
          scope: Type.Optional(Text),
          userClaim: Type.Optional(Text),
          groupsClaim: Type.Optional(Text),
          groups: Type.Optional(
            Type.Array(
              Type.Union([
                Type.Object({ group: Text, role: Type.Literal('admin') }, closed),
                Type.Object(
                  { group: Text, team: Text, role: Type.Union([Type.Literal('member'), Type.Literal('owner')]) },
                  closed,
                ),
              ]),
            ),
          ),
        },
        closed,
      ),
    ),
  },
  closed,
);
type AccessFile = Static<typeof AccessFile>;

/** The file can't be read, or says what can't be. */
export class AccessFileError extends MillraceError {
  readonly code = 'access_file_invalid';
  readonly file: string;

  constructor(file: string, problem: string, cause?: unknown) {
    super(`the access file ${file} can't be used: ${problem}`, { cause });
    this.file = file;
  }
}

export interface ConfiguredAccess extends AccessSettings {
  /** Addresses or networks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
}

/**
 * Reads it; paths in references are those of the folder that it lies in.
 *
 * @throws AccessFileError, UnresolvedReferenceError
 */
export async function readAccessFile(path: string, environment: Environment): Promise<ConfiguredAccess> {
  const { publicUrl, admins, trustedProxies = [], oidc } = await checked(path);
  if (oidc === undefined) return { publicUrl, admins, trustedProxies };
  const clientSecret = await secretOf(oidc.clientSecret, path, environment);
  return { publicUrl, admins, trustedProxies, provider: { ...oidc, clientSecret } };
}

async function checked(path: string): Promise<AccessFile> {
  let value: unknown;
  try {
    value = parse(await readFile(path, 'utf8')) ?? {};
  } catch (error) {
    throw new AccessFileError(path, messageOf(error), error);
  }
  const checker = compileChecker(AccessFile);
  if (checker.check(value)) return value;
  const issues = checker.issues(value).map(({ field, message }) => `${field.slice(1) || 'it'} ${message}`);
  throw new AccessFileError(path, issues.join('; '));
}

async function secretOf(
  written: string | undefined,
  path: string,
  environment: Environment,
): Promise<string | undefined> {
  if (written === undefined) return undefined;
  const reference = parseReference(written);
  if (reference === undefined) {
    throw new AccessFileError(
      path,
      'oidc/clientSecret is a secret: give env:NAME or file:PATH, which name where it is',
    );
  }
  const isRelative = reference.kind === 'file' && !isAbsolute(reference.name);
  const meant = isRelative ? `file:${resolve(dirname(path), reference.name)}` : written;
  return (await resolveReferences({ clientSecret: meant }, environment, `${path}: oidc`)).get('clientSecret');
}
