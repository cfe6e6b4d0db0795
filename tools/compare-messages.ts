/**
 * Compares our message schemas with Kafka's own message definitions: `node tools/compare-messages.ts PATH [API ...]`.
 *
 * PATH is a kafka-clients jar or a folder it was unpacked to; with API names only those are compared. Prints each
 * difference on a line. Exit code 0 when there is none, 3 when there are, 1 when the definitions can't be read, 2 for
 * wrong usage. Downloads nothing.
 */
import { apis } from '@millrace/wire';
import { compareMessages, missingApis } from './compare-messages/differences.ts';
import { DefinitionsError, type KafkaMessage, readDefinitions } from './compare-messages/kafka-definitions.ts';

const HELP = `Usage: node tools/compare-messages.ts PATH [API ...]

Compares our schemas with the message definitions in a kafka-clients jar (or the folder it was unpacked to).
Exit code: 0 no difference, 3 differences, 1 definitions that can't be read, 2 wrong usage.

The jar comes by Maven:
  mvn dependency:copy -Dartifact=org.apache.kafka:kafka-clients:4.3.1 -DoutputDirectory=.
`;

process.exitCode = main(process.argv.slice(2));

function main(words: readonly string[]): number {
  if (words.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  const [path, ...names] = words;
  const unknown = names.find((name) => !apis.some((api) => api.name === name));
  if (path === undefined || path.startsWith('-') || unknown !== undefined) {
    process.stderr.write(unknown === undefined ? HELP : `There is no schema of an API '${unknown}'.\n`);
    return 2;
  }
  let definitions: ReadonlyMap<string, KafkaMessage>;
  try {
    definitions = readDefinitions(path);
  } catch (error) {
    if (!(error instanceof DefinitionsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  const compared = apis.filter((api) => names.length === 0 || names.includes(api.name));
  const differences = compared.flatMap((api) => compareMessages(api, definitions));
  for (const difference of differences) process.stdout.write(`${difference}\n`);
  const missing = missingApis(apis, definitions);
  process.stderr.write(`${missing.length} of Kafka's APIs have no schema here: ${missing.join(', ')}\n`);
  process.stderr.write(`${compared.length} APIs compared, ${differences.length} differences\n`);
  return differences.length > 0 ? 3 : 0;
}
