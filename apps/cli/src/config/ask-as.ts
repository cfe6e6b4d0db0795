/** Asks the config service as an application: with its enrolment, and a key that lives as long as the question. */
import { readFile } from 'node:fs/promises';
import { callContract, compileChecker } from '@millrace/api';
import {
  type ConfigAnswer,
  ConfigEnrolment,
  type ConfigWant,
  type CredentialSecret,
  configAnswersContract,
  configKeysContract,
  followKeySets,
  newInstanceKey,
  openCredential,
  verifyAnswer,
} from '@millrace/api/config';
import { isMillraceError, MillraceError, messageOf } from '@millrace/base';

/** The file is no enrolment, or none that can be read. */
class EnrolmentFileError extends MillraceError {
  readonly code = 'enrolment_unreadable';
}

/** The service gives no answer. */
class ConfigRefusedError extends MillraceError {
  readonly code = 'config_refused';
}

export const askAs = { enrolment: readEnrolment, answer };

async function readEnrolment(path: string): Promise<ConfigEnrolment> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new EnrolmentFileError(`the enrolment ${path} can't be read: ${messageOf(error)}`, { cause: error });
  }
  const checker = compileChecker(ConfigEnrolment);
  if (checker.check(value)) return value;
  const { field = '', message = '' } = checker.issues(value)[0] ?? {};
  throw new EnrolmentFileError(`${path} is not what \`millrace config enrol\` wrote: ${field.slice(1)} ${message}`);
}

/** The checked answer, with what its application logs in with. */
async function answer(
  path: string,
  want: ConfigWant,
  site: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly answer: ConfigAnswer; readonly secret?: CredentialSecret | undefined }> {
  const { application, services, token, keys } = await readEnrolment(path);
  const pair = await newInstanceKey();
  const instance = { id: 'millrace config', key: pair.publicKey, ...(site !== undefined && { site }) };
  const body = { instance, wants: [want] };
  return await firstOf(services, async (url) => {
    const told = await callContract(url, configAnswersContract, { body }, { token, signal });
    const [given] = told.answers;
    if (given === undefined || 'problem' in given) {
      throw new ConfigRefusedError(given?.problem.detail ?? 'the service answered nothing');
    }
    const { chain } = await callContract(url, configKeysContract, {}, { signal });
    const trusted = await followKeySets(chain, keys);
    const expected = { application, ...want, seenVersion: 0, now: Date.now() };
    const checked = await verifyAnswer(given.signed, trusted, expected);
    const sealed = checked.credential?.sealed;
    return { answer: checked, ...(sealed !== undefined && { secret: await openCredential(sealed, pair) }) };
  });
}

/** Of the first service that can be reached. */
async function firstOf<T>(services: readonly string[], ask: (url: string) => Promise<T>): Promise<T> {
  for (const [index, url] of services.entries()) {
    try {
      return await ask(url);
    } catch (error) {
      if (!isMillraceError(error, 'server_unreachable') || index === services.length - 1) throw error;
    }
  }
  throw new EnrolmentFileError('the enrolment names no service');
}
