import { command } from '../framework/command.ts';
import { text } from '../framework/option.ts';
import { UsageError } from '../framework/usage-error.ts';
import { saveContext } from '../server/contexts.ts';
import { checkedUrl, readToken } from '../server/find-server.ts';

export const login = command({
  name: 'login',
  summary: 'Log in to a control plane, and keep who you are there for later commands',
  description: `With --token-file it keeps that token. Without, it prints an address to open in a browser on this
    machine; what the login provider says there gets you a token of your own for 30 days. The platform of this machine
    needs no login: its token lies in its data directory.`,
  operands: [{ name: 'URL', help: 'Of the control plane: https://millrace.example' }],
  options: {
    tokenFile: text({ placeholder: 'FILE', help: 'A file with a token that you have already' }),
    context: text({ placeholder: 'NAME', help: 'A name for this server (default: its host)' }),
  },
  examples: [
    { command: 'millrace login https://millrace.example', does: 'With the login provider, in a browser' },
    { command: 'millrace login https://millrace.example --token-file ci.token', does: 'With a token' },
  ],
  async run({ options, operands, terminal }) {
    const { callContract } = await import('@millrace/api');
    const { meContract } = await import('@millrace/api/fleet');
    const url = checkedUrl(operands[0] as string, 'URL');
    const { hostname, protocol, host } = new URL(url);
    if (protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname)) {
      terminal.note('warn: without https everybody on the way can read your token');
    }
    const token = options.tokenFile === undefined ? await byBrowser(url) : await readToken(options.tokenFile);
    const { principal } = await callContract(url, meContract, {}, { token, signal: terminal.signal });
    const context = options.context ?? host;
    await saveContext(process.env, context, { url, token });
    if (terminal.json) terminal.output.json({ context, url, principal });
    else terminal.output.line(`Logged in to ${url} as ${principal.name} (${principal.role}), context ${context}.`);
    return undefined;

    async function byBrowser(server: string): Promise<string> {
      if (terminal.json) throw new UsageError('a login in a browser needs a person; give --token-file');
      const { browserLogin } = await import('../server/browser-login.ts');
      return await browserLogin(server, terminal);
    }
  },
});
