import { command } from '../framework/command.ts';
import { requestOperand, requestParams } from '../onboarding/decide-request.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const requestCredentials = command({
  name: 'request credentials',
  summary: 'Show the first passwords of the applications that a request has made, once',
  description: `For whoever made the request, when it is done. A password is made when it is asked for, shown once and
    kept nowhere; an application that has one keeps it, and that of an application with a public key is sealed to it.`,
  operands: [requestOperand],
  options: serverOptions,
  examples: [
    { command: 'millrace request credentials 6b1c... --json > secrets.json', does: 'Into a file of your own' },
  ],
  async run({ options, operands, terminal }) {
    const { collectCredentialsContract } = await import('@millrace/api/fleet');
    const params = requestParams(operands);
    const { credentials } = await callServer(options, collectCredentialsContract, { params, body: {} }, terminal);
    if (terminal.json) {
      terminal.output.json({ credentials });
      return undefined;
    }
    for (const { application, secret, problem } of credentials) {
      if (secret?.kind === 'scram') {
        const { username, password, mechanism, clusters } = secret;
        terminal.output.line(`${application}: ${username} ${password} (${mechanism}, on ${clusters.join(', ')})`);
      } else {
        terminal.output.line(`${application}: ${problem ?? 'sealed to its public key'}`);
      }
    }
    if (credentials.some(({ secret }) => secret !== undefined)) terminal.note('Passwords are not shown again.');
    return undefined;
  },
});
