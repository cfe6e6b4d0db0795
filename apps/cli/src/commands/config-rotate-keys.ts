import { command } from '../framework/command.ts';
import { flag, text } from '../framework/option.ts';
import { callServer } from '../server/find-server.ts';
import { serverOptions } from '../server/server-options.ts';

export const configRotateKeys = command({
  name: 'config rotate-keys',
  summary: 'Sign answers of the config service with the next key',
  description: `Clients follow by themselves: they know the next key already, and learn of another one after it. What
    keys before have signed stays trusted until it expires. After a theft, --drop-old ends that at once: a client that
    was not running then has to reach the service at its next start. After the database was restored from a backup,
    --after-restore has clients follow again, to whom all that the service says is older than what they have seen.`,
  operands: [],
  options: {
    dropOld: flag({ help: 'Trust no key that signed before' }),
    afterRestore: flag({ help: 'Step over all versions that clients may have seen since the backup' }),
    why: text({ placeholder: 'TEXT', help: 'Why, for the audit log' }),
    ...serverOptions,
  },
  examples: [{ command: 'millrace config rotate-keys', does: 'The next key signs from now on' }],
  async run({ options, terminal }) {
    const { rotateConfigKeysContract } = await import('@millrace/api/config');
    const { why } = options;
    const body = {
      ...(why !== undefined && { why }),
      ...(options.dropOld && { dropOld: true }),
      ...(options.afterRestore && { afterRestore: true }),
    };
    const { keys, signingKid } = await callServer(options, rotateConfigKeysContract, { body }, terminal);
    if (terminal.json) terminal.output.json({ version: keys.version, signs: signingKid });
    else terminal.output.line(`Key ${signingKid} signs now; set ${keys.version} has ${keys.keys.length} keys.`);
    return undefined;
  },
});
