/** What an application is given once: where the config service is, who asks, and whose answers to trust. */
import { readFile } from 'node:fs/promises';
import { compileChecker } from '@millrace/api';
import { ConfigEnrolment } from '@millrace/api/config';
import { messageOf } from '@millrace/base';
import { EnrolmentError } from './errors.ts';

const checker = compileChecker(ConfigEnrolment);

/** Reads an enrolment from a file, or checks one that is given. @throws EnrolmentError */
export async function readEnrolment(enrolment: string | ConfigEnrolment): Promise<ConfigEnrolment> {
  const source = typeof enrolment === 'string' ? enrolment : 'enrolment';
  const value = typeof enrolment === 'string' ? await parseFile(enrolment) : enrolment;
  const issue = checker.issues(value)[0];
  if (issue !== undefined) throw new EnrolmentError(source, `${issue.field || 'its value'} ${issue.message}`);
  return value as ConfigEnrolment;
}

async function parseFile(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new EnrolmentError(path, `the file can't be read: ${messageOf(error)}`, error);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new EnrolmentError(path, 'it is not JSON', error);
  }
}
