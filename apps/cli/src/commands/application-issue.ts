import { readFile } from 'node:fs/promises';
import { command } from '../framework/command.ts';
import { flag, integer, text } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';
import { outOption, tellIssued } from '../identity/secret-text.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const applicationIssue = command({
  name: 'application issue',
  summary: 'Issue an application a password or a certificate, and show it once',
  description: `The password is written to every cluster that the application uses, with the rights that follow from
    what it uses. An application that has declared a public key gets it encrypted to that key. Two certificates may be
    valid at once, so issuing the next one is how they are renewed; a password is renewed by \`application rotate\`.`,
  operands: [{ name: 'NAME', help: 'the application' }],
  options: {
    certificate: flag({ help: 'A certificate in place of a password' }),
    request: text({ placeholder: 'FILE', help: 'A certificate for the key of this request (PKCS#10 in PEM)' }),
    days: integer({ placeholder: 'N', help: 'How long the certificate is valid (default: 90)' }, { min: 1, max: 825 }),
    why: text({ placeholder: 'TEXT', help: 'Why, for the audit log' }),
    ...outOption,
    ...serverOptions,
  },
  examples: [
    { command: 'millrace application issue orders', does: 'Its first password' },
    { command: 'millrace application issue orders --out orders.properties', does: "Into a file for Java's clients" },
    { command: 'millrace application issue orders --request orders.csr', does: 'A certificate for its own key' },
  ],
  async run({ options, operands, terminal }) {
    const { issueCredentialContract } = await import('@millrace/api/fleet');
    const { request: path, days, why } = options;
    const isCertificate = options.certificate || path !== undefined;
    if (!isCertificate && days !== undefined) throw new UsageError('--days is of a certificate; give --certificate');
    const body = {
      kind: isCertificate ? ('certificate' as const) : ('scram' as const),
      ...(path !== undefined && { request: await readFile(path, 'utf8') }),
      ...(days !== undefined && { days }),
      ...(why !== undefined && { why }),
    };
    const params = { name: operands[0] as string };
    const issued = await callServer(options, issueCredentialContract, { params, body }, terminal);
    await tellIssued(issued, options, terminal);
    return undefined;
  },
});
