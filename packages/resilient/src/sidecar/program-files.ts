/**
 * What programs are given to reach the sidecar, in `sidecar/` of its directory, readable by its user alone: the secret,
 * and for each topic and role the standard settings with it, for Java and for librdkafka.
 */
import { type ConfigAnswer, librdkafkaFiles, propertiesText } from '@millrace/api/config';
import type { PrivateFiles } from '../answers/private-files.ts';

const rule = 'the sidecar on this machine';
const local = { 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'PLAIN' };

/** @throws DiskError */
export async function writeProgramFiles(
  files: PrivateFiles,
  answers: readonly ConfigAnswer[],
  bootstrap: string,
  secret: string,
): Promise<void> {
  await files.write('sidecar/secret', `${secret}\n`);
  for (const answer of answers) {
    const told = localAnswer(answer, bootstrap);
    const login = { username: answer.application, password: secret };
    const name = `sidecar/${nameOf(answer)}`;
    await files.write(`${name}.properties`, propertiesText(told, login));
    // What it names it has nothing of: TLS is the sidecar's.
    await files.write(`${name}.librdkafka`, librdkafkaFiles(told, (file) => file, login).text);
  }
}

/** The name of a topic's and role's files, without what is behind the last dot. */
function nameOf({ role, topic }: ConfigAnswer): string {
  return `${role}-${topic}`;
}

function localAnswer(answer: ConfigAnswer, bootstrap: string): ConfigAnswer {
  const kept = Object.entries(answer.settings).filter(([name]) => !/^(security|sasl|ssl)\./.test(name));
  const ours = Object.entries(local).map(([name, value]) => [name, { value, rule }] as const);
  const credential = { id: 'of the sidecar', principal: `User:${answer.application}` };
  return { ...answer, bootstrap, credential, settings: Object.fromEntries([...kept, ...ours]) };
}
