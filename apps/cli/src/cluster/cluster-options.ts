/** Options by which a command finds its cluster. */
import { text, withDefault } from '../framework/option.ts';

export const defaultDataDirectory = '.millrace';

/** Where a platform on this machine keeps its files. */
export const dataDirectoryOption = {
  dataDir: withDefault(
    text({ placeholder: 'DIR', help: 'Data directory of the platform on this machine' }),
    defaultDataDirectory,
  ),
} as const;

/** Which cluster to work on. */
export const clusterOptions = {
  cluster: text({ placeholder: 'NAME', help: 'A cluster of the platform that runs on this machine' }),
  bootstrap: text({ placeholder: 'HOST:PORT', short: 'b', help: 'Any cluster; several addresses separated by commas' }),
  clientConfig: text({ placeholder: 'FILE', help: "Client settings in Java's .properties format" }),
  ...dataDirectoryOption,
} as const;
