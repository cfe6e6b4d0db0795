import { command } from '../framework/command.ts';
import { ownVersion } from '../own-version.ts';

export const version = command({
  name: 'version',
  summary: 'Print the version',
  operands: [],
  options: {},
  examples: [],
  async run({ terminal }) {
    const own = await ownVersion();
    const node = process.versions.node;
    const { platform, arch: architecture } = process;
    if (terminal.json) terminal.output.json({ version: own, node, platform, architecture });
    else terminal.output.line(`millrace ${own} (Node ${node}, ${platform} ${architecture})`);
    return undefined;
  },
});
