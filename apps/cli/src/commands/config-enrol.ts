import { writeFile } from 'node:fs/promises';
import { MillraceError, messageOf } from '@millrace/base';
import { command } from '../framework/command.ts';
import { many, text } from '../framework/option.ts';
import type { Terminal } from '../framework/terminal.ts';
import { callServer, checkedUrl } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

type Server = Parameters<typeof callServer>[0];

/** The file can't be written. */
class EnrolmentNotWrittenError extends MillraceError {
  readonly code = 'enrolment_unwritable';
}

export const configEnrol = command({
  name: 'config enrol',
  summary: 'Enrol an application: the one file that its clients begin with',
  description: `The file says where the config service is, whose answers to trust, and with which token to ask. It is a
    secret, is printed or written once, and needs no change afterwards: brokers, settings, credentials and keys come
    from the service. Passwords that are issued to the application from now on are kept for its instances, encrypted;
    issue or rotate one where its clusters ask for a login.`,
  operands: [{ name: 'APP', help: 'the application' }],
  options: {
    out: text({
      placeholder: 'FILE',
      help: 'Write it into a new file that only you can read, in place of printing it',
    }),
    service: many(
      { placeholder: 'URL', help: 'Where its instances reach the service (default: as you do); may be given again' },
      checkedUrl,
    ),
    why: text({ placeholder: 'TEXT', help: 'Why, for the audit log' }),
    ...serverOptions,
  },
  examples: [
    { command: 'millrace config enrol shop --out shop.json', does: 'The file that clients of shop begin with' },
  ],
  async run({ options, operands, terminal }) {
    const { enrolApplicationContract } = await import('@millrace/api/config');
    const { out, service, why } = options;
    const body = { ...(service.length > 0 && { services: [...service] }), ...(why !== undefined && { why }) };
    const name = operands[0] as string;
    const { id, enrolment } = await callServer(options, enrolApplicationContract, { params: { name }, body }, terminal);
    if (out === undefined) {
      terminal.output.json(enrolment);
    } else {
      await write(out, `${JSON.stringify(enrolment, undefined, 2)}\n`, id);
      if (terminal.json) terminal.output.json({ id, file: out });
      else terminal.output.line(`Enrolment ${id} of ${name} is in ${out}.`);
    }
    terminal.note('It is not shown again.');
    for (const url of enrolment.services.filter(isOpenToReaders)) {
      terminal.note(`${url} is not encrypted: whoever reads on the way has the token. Give an https:// --service.`);
    }
    if (await hasUnkeptLogin(name, options, terminal)) {
      terminal.note(
        `${name} has a login from before, whose secret nobody kept: run \`millrace application rotate ${name}\`.`,
      );
    }
    return undefined;
  },
});

/** Whether requests leave the machine as they are. */
function isOpenToReaders(service: string): boolean {
  const { protocol, hostname } = new URL(service);
  const isHere = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
  return protocol === 'http:' && !isHere;
}

/** Whether the application logs in with what was issued while it was not enrolled, and with nothing newer. */
async function hasUnkeptLogin(name: string, server: Server, terminal: Terminal): Promise<boolean> {
  const [{ listEnrolmentsContract }, { listCredentialsContract }] = await Promise.all([
    import('@millrace/api/config'),
    import('@millrace/api/fleet'),
  ]);
  const params = { name };
  const enrolments = (await callServer(server, listEnrolmentsContract, { params }, terminal)).items;
  const credentials = (await callServer(server, listCredentialsContract, { params }, terminal)).items;
  const newest = credentials
    .filter(({ state }) => state === 'valid')
    .reduce<string | undefined>(
      (last, { issuedAt }) => (last !== undefined && last > issuedAt ? last : issuedAt),
      undefined,
    );
  if (newest === undefined) return false;
  return !enrolments.some(({ createdAt, endedAt }) => createdAt <= newest && (endedAt === null || endedAt > newest));
}

async function write(path: string, content: string, id: string): Promise<void> {
  try {
    await writeFile(path, content, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const advice = `enrolment ${id} was made all the same; end it, and enrol again with another file`;
    throw new EnrolmentNotWrittenError(`${path} can't be written: ${messageOf(error)}; ${advice}`, { cause: error });
  }
}
