/** Options by which a command finds the control plane. */
import { dataDirectoryOption } from '../cluster/cluster-options.ts';
import { text } from '../framework/option.ts';

export const serverOptions = {
  server: text({ placeholder: 'URL', help: 'The control plane (default: where `login` was, else this machine)' }),
  tokenFile: text({ placeholder: 'FILE', help: 'A file with the token to show' }),
  context: text({ placeholder: 'NAME', help: 'A server by the name that it got with `login`' }),
  ...dataDirectoryOption,
} as const;
